"""A whole site for a test: `manage.py start` on data of its own, and what it leaves."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.waiting import eventually

from .proxy import free_port

KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "PLAYWRIGHT_BROWSERS_PATH")


def clean_environment(data: Path, **values: str) -> dict[str, str]:
    """What a fresh terminal would have; nothing of the running tests' own settings."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "ENV_FILE": os.devnull, "DATA_DIR": str(data), **values}


class House:
    """The supervisor and its site, with their output in a file."""

    def __init__(self, data: Path, base: Path | None = None, **values: str) -> None:
        self.data, self.base = data, base or Path(settings.BASE_DIR)
        self.port = int(values.setdefault("PORT", str(free_port())))
        self.environment = clean_environment(data, **values)
        self.log = data.parent / f"{data.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "House":
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "start"],
                cwd=self.base,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def wait_until_said(self, text: str, within: float = 60) -> str:
        def said() -> str:
            assert text in self.output, self.output[-3000:]
            return self.output

        return eventually(said, within)

    def wait_until_ready(self) -> "House":
        self.wait_until_said("Batuta runs at")
        eventually(lambda: '"status": "ready"' in self.get("/readyz"), 60, 0.2)
        return self

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def get(self, path: str) -> str:
        """The body of a page, whatever its status; empty when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as page:
                return str(page.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""

    def signal(self, number: int) -> None:
        assert self.process
        os.kill(self.process.pid, number)

    def end(self) -> int:
        """Ask it to end, and wait as long as it may take."""
        self.signal(signal.SIGTERM)
        assert self.process
        return self.process.wait(15)

    def tear_down(self) -> None:
        """Leave nothing, even after a test that failed."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)

    def pids(self, *words: str) -> list[int]:
        """Processes that work on this data folder, with all these words in their command."""
        return [pid for pid, command in self._processes() if all(w in command for w in words)]

    def _processes(self) -> Iterator[tuple[int, str]]:
        wanted = re.escape(f"DATA_DIR={self.data}").encode() + b"\0"
        for path in Path("/proc").glob("[0-9]*"):
            try:
                environment = (path / "environ").read_bytes()
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # it has ended, or is not ours
            if command and re.search(wanted, environment) and int(path.name) != os.getpid():
                yield int(path.name), command


Build = Callable[..., House]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Makes houses, and sees to it that none outlives the test."""
    built: list[House] = []

    def make(data: Path | None = None, base: Path | None = None, **values: str) -> House:
        built.append(House(data or tmp_path / "data", base, **values))
        return built[-1]

    yield make
    for house in built:
        house.tear_down()
