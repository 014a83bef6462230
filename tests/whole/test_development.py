"""While one develops: a saved file takes effect, and nothing that is saved takes all down."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.waiting import eventually
from tests.whole.house import Build, House

BASE = Path(settings.BASE_DIR)


FRESH = """
from jobs import task

@task(queue="apart")
def greet(name: str) -> str:
    return name
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree in a place where a test may write into it."""
    to = tmp_path / "tree"
    to.mkdir()
    for name in ("jobs", "project", "templates"):
        shutil.copytree(BASE / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(BASE / "manage.py", to)
    return to


def test_a_saved_task_takes_effect_and_a_broken_one_takes_nothing_down(
    build: Build, copy: Path
):
    house = build(base=copy, DEVELOPMENT="1").start().wait_until_ready()
    task = copy / "project" / "tasks" / "fresh.py"
    task.write_text(FRESH)
    house.wait_until_said("project/tasks/fresh.py changed")
    eventually(lambda: "project.tasks.fresh.greet" in names_of_tasks(house), 60, 0.5)
    house.wait_until_said(".> apart")  # the new worker serves its queue too
    task.write_text("import nothing_of_that_name\n")
    eventually(lambda: house.output.count("fresh.py changed") == 2, 20)
    eventually(lambda: '"status": "ready"' in house.get("/readyz"), 60, 0.2)
    eventually(lambda: "nothing_of_that_name" in errors_of_tasks(house), 60, 0.5)


def names_of_tasks(house: House) -> str:
    return ask_rows(house, "list(Task.objects.filter(error='', missing_at=None))")


def errors_of_tasks(house: House) -> str:
    return ask_rows(house, "list(Task.objects.exclude(error='').values_list('error'))")


def ask_rows(house: House, expression: str) -> str:
    code = f"from jobs.models import Task; print([str(r) for r in {expression}])"
    run = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    return subprocess.check_output(run, cwd=house.base, env=house.environment, text=True)


def test_runserver_serves_the_socket_too(tmp_path: Path):
    house = House(tmp_path / "data", DEBUG="1")
    port = house.port
    prepare = [sys.executable, "manage.py", "prepare", "-v", "0"]
    subprocess.run(prepare, cwd=BASE, env=house.environment, check=True)
    server = subprocess.Popen(
        [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}"],
        cwd=BASE, env=house.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        eventually(lambda: "alive" in house.get("/healthz"), 30)
        assert status_of_handshake(port, "/ws") == "101"
    finally:
        server.terminate()
        server.wait(10)
        house.tear_down()


def status_of_handshake(port: int, path: str) -> str:
    """The status that a WebSocket's opening request gets (RFC 6455, 1.3)."""
    lines = [
        f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13", f"Origin: http://127.0.0.1:{port}", "", "",
    ]  # fmt: skip
    with socket.create_connection(("127.0.0.1", port), 5) as link:
        link.sendall("\r\n".join(lines).encode())
        return link.recv(100).decode().split()[1]
