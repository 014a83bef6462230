"""A stranger's project, and what docs/adopting.md does to it."""

import http.cookiejar
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings

from project.places import for_kombu

from .process import PATIENCE_SECONDS, Process
from .proxy import free_port

BASE = Path(settings.BASE_DIR)
WALK = (BASE / "docs" / "adopting.md").read_text()
STEP = re.compile(
    r"^`(?P<file>[\w./]+)`, (?P<how>at its end|the whole file):\n\n```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# What the package is made of; built elsewhere, since a build leaves files behind.
SOURCE = ("jobs", "templates", "pyproject.toml", "requirements.txt", "README.md", "LICENSE")
# What Python compiles meanwhile is no part of it.
TREE = {"symlinks": True, "ignore": shutil.ignore_patterns("__pycache__")}
OWN_DATABASE = 5
"""Of the run's Redis, one that nobody else uses."""


def install_wheel(folder: Path) -> Path:
    """Build the wheel as a release would, and install it: the folder to import it from."""
    source, wheels, packages = folder / "source", folder / "wheels", folder / "packages"
    source.mkdir(parents=True)
    for name in SOURCE:
        one = BASE / name
        copy = shutil.copytree if one.is_dir() else shutil.copy
        how: dict[str, Any] = TREE if one.is_dir() else {}
        copy(one, source / name, **how)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(source)]
    subprocess.run([*pip, "wheel", *offline], check=True)
    [wheel] = wheels.glob("*.whl")
    to = ["--no-deps", "--no-compile", "--target", str(packages), str(wheel)]
    subprocess.run([*pip, "install", *to], check=True)
    return packages


class Office:
    """The project in a folder of its own, which imports nothing of this tree."""

    def __init__(
        self,
        folder: Path,
        redis_url: str,
        packages: Path | None = None,
        database: int = OWN_DATABASE,
    ) -> None:
        self.folder = folder
        self.told = self.where = self.token = ""
        own_redis = f"{redis_url}?db={database}"
        path = [str(folder), *([str(packages)] if packages else [])]
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = kept | {
            "DJANGO_SETTINGS_MODULE": "office.settings",
            "OFFICE_REDIS": own_redis,
            "OFFICE_BROKER": for_kombu(own_redis),
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONUNBUFFERED": "1",
        }
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, Process] = {}

    @classmethod
    def settle(cls, folder: Path, redis_url: str, **how: Any) -> "Office":
        """As it was before."""
        office = cls(folder, redis_url, **how)
        office.undo()
        return office

    def undo(self) -> None:
        """The files as they were before."""
        shutil.copytree(Path(__file__).with_name("office"), self.folder, dirs_exist_ok=True)

    def walk(self) -> None:
        """Do what the page says."""
        for step in STEP.finditer(WALK):
            file = self.folder / step["file"]
            before = f"{file.read_text()}\n" if step["how"] == "at its end" else ""
            file.write_text(before + step["text"])

    def manage(self, *words: str, code: int = 0) -> str:
        """What a command prints; it must end with that code."""
        return self._run([sys.executable, "-m", "django", *words], code)

    def run(self, program: str) -> str:
        setup = "import django; django.setup()\n"
        return self._run([sys.executable, "-c", setup + program], 0)

    def _run(self, command: list[str], code: int) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return (done.stderr if code else done.stdout).strip()

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """Read from its database, without its code."""
        with sqlite3.connect(self.folder / "office.db", timeout=20) as connection:
            return connection.execute(statement, values).fetchall()

    def start(self, name: str, *command: str) -> Process:
        process = Process(
            name,
            [sys.executable, "-m", *command],
            self.environment,
            self.folder / "logs",
            at=self.folder,
        )
        self.processes[name] = process
        return process.start()

    def start_worker(self, name: str = "worker") -> Process:
        options = ("worker", "-l", "INFO", "-c", "1", "-n", f"{name}@office")
        worker = self.start(name, "celery", "-A", "office", *options)
        worker.wait_for("ready.")
        return worker

    def stop(self) -> None:
        for process in self.processes.values():
            process.stop()
        self.processes.clear()


class Visitor:
    """A browser without scripts, or a program with a token."""

    def __init__(self, office: Office, token: str = "") -> None:
        self.office = office
        self.jar = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self.jar)
        self.opener = urllib.request.build_opener(cookies)
        if token:
            self.opener.addheaders.append(("Authorization", f"Bearer {token}"))

    def get(self, path: str) -> tuple[int, str, Any]:
        return self._send(urllib.request.Request(self.office.url + path))

    def post(self, path: str, body: Any) -> tuple[int, str, Any]:
        headers = {"Content-Type": "application/json"}
        raw = json.dumps(body).encode()
        return self._send(urllib.request.Request(self.office.url + path, raw, headers))

    def sign_in(self, email: str) -> "Visitor":
        self.get("/sign-in/")
        said = {"username": email, "password": "secret"}
        said["csrfmiddlewaretoken"] = self.cookie("csrftoken")
        said["next"] = "/"
        form = urllib.parse.urlencode(said).encode()
        assert self._send(urllib.request.Request(f"{self.office.url}/sign-in/", form))[0] == 200
        return self

    def cookie(self, name: str) -> str:
        return next(str(each.value) for each in self.jar if each.name == name)

    def _send(self, request: urllib.request.Request) -> tuple[int, str, Any]:
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers
