"""One command brings everything up; nothing is left when it ends, however it ends."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings

from project.places import embedded_url
from tests.waiting import eventually
from tests.whole.house import Build, House, clean_environment, free_port

BASE = Path(settings.BASE_DIR)


# What Redis, PostgreSQL and RabbitMQ listen on when somebody runs them.
USUAL_PORTS = (6379, 5432, 5672)


@pytest.fixture(scope="module")
def strangers() -> Iterator[list[socket.socket]]:
    """Somebody listens on the usual ports; where somebody does already, that must do.
    Not as PostgreSQL: other tests look for one."""
    listening = []
    for port in (6379, 5672):
        with contextlib.suppress(OSError):
            listening.append(socket.create_server(("127.0.0.1", port)))
            listening[-1].setblocking(False)
    yield listening
    for each in listening:
        each.close()


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, strangers: list[socket.socket]
) -> Iterator[House]:
    """One running site for the tests that only look, or harm what comes back."""
    house = House(tmp_path_factory.mktemp("house") / "data", ADMIN_USERNAME="chief").start()
    try:
        yield house.wait_until_ready()
    finally:
        house.tear_down()


def test_the_url_and_the_first_password_are_printed_and_the_password_is_right(running: House):
    assert f"Batuta runs at {running.url}/" in running.output
    password = running.output.partition("First admin: chief, password: ")[2].split()[0]
    code = (
        "import django; django.setup();"
        "from django.contrib.auth import authenticate;"
        f"print(authenticate(username='chief', password={password!r}))"
    )
    said = subprocess.check_output(
        [sys.executable, "-c", code],
        cwd=BASE,
        env={**running.environment, "DJANGO_SETTINGS_MODULE": "project.settings"},
        text=True,
    )
    assert said.strip() == "chief"


def test_a_second_start_on_the_same_data_is_refused(running: House):
    second = subprocess.run(
        [sys.executable, "manage.py", "start"], cwd=BASE, capture_output=True, text=True,
        env={**running.environment, "PORT": str(free_port())}, timeout=60,
    )  # fmt: skip
    assert second.returncode == 1
    assert running.process
    assert second.stderr.startswith(f"CommandError: Batuta already runs on {running.data}")
    assert f"process {running.process.pid}, {running.url}" in second.stderr
    assert '"status": "ready"' in running.get("/readyz")


def test_a_taken_port_is_one_clear_line_before_anything_starts(running: House, build: Build):
    house = build(PORT=str(running.port)).start()
    assert house.process and house.process.wait(30) == 1
    assert house.output.startswith(f"CommandError: Port {running.port} is taken")
    assert len(house.output.splitlines()) == 1
    assert not (house.data / "db.sqlite3").exists()


def test_another_terminal_finds_the_embedded_server(running: House):
    with redis.Redis.from_url(embedded_url(running.data)) as client:
        assert client.config_get("appendonly")["appendonly"] == "yes"
        assert client.config_get("appendfsync")["appendfsync"] == "everysec"
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    note = running.data / "embedded.json"
    assert note.stat().st_mode & 0o077 == 0


def test_the_embedded_server_listens_on_no_port(running: House):
    with redis.Redis.from_url(embedded_url(running.data)) as client:
        assert client.config_get("port")["port"] == "0"


@pytest.mark.parametrize("words", [("worker",), ("beat",), ("manage.py", "web")])
def test_a_process_that_is_killed_comes_back(running: House, words: tuple[str, ...]):
    first = min(running.pids(*words))
    os.kill(first, signal.SIGKILL)
    eventually(lambda: running.pids(*words) and first not in running.pids(*words), 30)
    eventually(lambda: '"status": "ready"' in running.get("/readyz"), 60, 0.2)


def test_a_server_that_is_killed_comes_back_with_its_data(running: House):
    url = embedded_url(running.data)
    with redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
        # While the disk is slow the server holds back what it writes, for two seconds at most.
        eventually(lambda: not client.info("persistence")["aof_buffer_length"])
        os.kill(client.info()["process_id"], signal.SIGKILL)
    eventually(lambda: answer(url, "kept") == b"yes", 30)
    eventually(lambda: '"status": "ready"' in running.get("/readyz"), 60, 0.2)


def answer(url: str, key: str) -> bytes | None:
    try:
        with redis.Redis.from_url(url) as client:
            value: bytes | None = client.get(key)
            return value
    except redis.ConnectionError:
        return None


LONG = pytest.mark.long


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (signal.SIGTERM, "my 5% data"),
        pytest.param(signal.SIGINT, "data", marks=LONG),
        pytest.param(signal.SIGHUP, "data", marks=LONG),
    ],
)
def test_being_asked_to_end_ends_all_within_ten_seconds(
    build: Build, tmp_path: Path, number: int, name: str
):
    house = build(tmp_path / name).start().wait_until_ready()
    house.signal(number)
    assert house.process and house.process.wait(15) == 0
    assert house.pids() == []
    assert not (house.data / "embedded.json").exists()


def test_the_death_of_the_supervisor_ends_all(build: Build):
    house = build().start().wait_until_ready()
    assert len(house.pids()) > 5
    house.signal(signal.SIGKILL)
    assert house.process
    house.process.wait()
    eventually(lambda: house.pids() == [], 10)
    # The data are whole, and nobody holds them.
    house.start().wait_until_ready()
    assert house.end() == 0


@LONG
def test_the_undertaker_is_hired_again_when_somebody_kills_it(build: Build):
    house = build().start().wait_until_ready()
    os.kill(house.pids("undertaker.py")[0], signal.SIGKILL)
    os.kill(min(house.pids("beat")), signal.SIGKILL)  # what makes the supervisor tell it
    eventually(lambda: house.pids("undertaker.py"), 20)
    house.signal(signal.SIGKILL)
    assert house.process
    house.process.wait()
    eventually(lambda: house.pids() == [], 10)


def test_a_second_start_finds_all_as_it_was_with_the_installed_server(
    build: Build, tmp_path: Path
):
    (tmp_path / "bin").mkdir()
    house = build(PATH=str(tmp_path / "bin"), ADMIN_PASSWORD="of-my-own").start()
    house.wait_until_ready()
    assert "First admin: admin, password: as in ADMIN_PASSWORD" in house.output
    assert [path.name.partition("-")[0] for path in (house.data / "redis").iterdir()] == [
        "valkey"
    ]
    with redis.Redis.from_url(embedded_url(house.data)) as client:
        client.set("kept", "yes")
    assert house.end() == 0
    house.start().wait_until_said("Batuta runs at")
    assert "First admin" not in house.output
    assert answer(embedded_url(house.data), "kept") == b"yes"


def test_a_long_path_with_spaces_gets_a_socket_elsewhere(build: Build, tmp_path: Path):
    house = build(tmp_path / ("a long name " * 9) / "data").start()
    house.wait_until_said("Batuta runs at")
    folder = Path(embedded_url(house.data).removeprefix("unix://")).parent
    assert folder != house.data
    assert folder.stat().st_mode & 0o077 == 0
    assert house.end() == 0
    assert not folder.exists()


def test_servers_that_were_not_named_are_not_touched(
    running: House, strangers: list[socket.socket]
):
    for stranger in strangers:
        with pytest.raises(BlockingIOError):
            stranger.accept()  # nobody has ever knocked
    peers = {
        int(line.split()[2].rpartition(":")[2], 16)
        for pid in running.pids()
        for line in tcp_of(pid)
    }
    assert peers & {*USUAL_PORTS} == set()


def tcp_of(pid: int) -> list[str]:
    """Open TCP connections of one process, as /proc shows them."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            inodes.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[9] in inodes]


def test_a_new_password_is_set_and_printed(running: House):
    run = [sys.executable, "manage.py", "password"]
    said = subprocess.check_output(run, cwd=BASE, env=running.environment, text=True)
    assert said.startswith("New password of chief: ")
    nobody = subprocess.run(
        [*run, "nobody"], cwd=BASE, env=running.environment, capture_output=True, text=True
    )
    assert nobody.returncode == 1
    assert "There is no user 'nobody'" in nobody.stderr


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path: Path):
    url = "postgresql://nobody:hush@127.0.0.1:1/none"
    run = subprocess.run(
        [sys.executable, "manage.py", "start"], cwd=BASE, capture_output=True, text=True,
        env=clean_environment(tmp_path, DATABASE_URL=url, PORT="18399"), timeout=60,
    )  # fmt: skip
    assert run.returncode == 1
    assert "The database cannot be used" in run.stderr
    assert "Traceback" not in run.stderr and "hush" not in run.stderr
