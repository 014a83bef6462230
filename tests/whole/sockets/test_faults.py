"""Redis dies, hangs, forgets; sockets live and say so."""

import json
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from websockets.sync.client import ClientConnection

from jobs.live.company import LOOK_AGAIN_SECONDS
from jobs.models import Job
from jobs.states import State
from project.supervisor import embedded
from tests.conftest import start_server

from .conftest import APPLICATION
from .web import Web, code_of_close, hear, say, watch
from .worker import a_job, move

pytestmark = pytest.mark.django_db(transaction=True)


class Redis:
    """A server of its own that can be killed, stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = embedded._on_socket(folder / "redis.sock")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = start_server(self.place, self.folder)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait(10)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.place.url)


@pytest.fixture
def frail(settings: Any) -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="batuta-") as folder:
        server = Redis(Path(folder))
        server.start()
        layer = settings.CHANNEL_LAYERS["default"]
        config = layer["CONFIG"] | {"hosts": [server.place.url]}
        settings.CHANNEL_LAYERS = {"default": layer | {"CONFIG": config}}
        yield server
        server.signal(signal.SIGCONT)
        server.signal(signal.SIGKILL)


@pytest.fixture
def lonely_web(frail: Redis, transactional_db: None) -> Iterator[Web]:
    server = Web(APPLICATION, frail.place.url).start()
    yield server
    server.stop()


def hear_through(line: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this kind, whatever comes before it. What a push lost is told
    when the server looks at the row again, every `LOOK_AGAIN_SECONDS`."""
    within = LOOK_AGAIN_SECONDS + 15
    while (message := json.loads(line.recv(timeout=within)))["type"] != kind:
        pass
    return dict(message)


def hear_of(line: ClientConnection, job: Job) -> dict[str, Any]:
    """What the job is by now, as a change or from its row."""
    while True:
        message = json.loads(line.recv(timeout=LOOK_AGAIN_SECONDS + 15))
        if message.get("task_id") == job.id and message["seq"] >= job.version:
            return dict(message)


def test_a_killed_redis_is_told_and_its_return_too(
    lonely_web: Web, frail: Redis, ana: User
) -> None:
    job = a_job(ana)
    with lonely_web.open(ana) as line:
        watch(line, job.id)
        frail.signal(signal.SIGKILL)
        assert hear(line, "error")["code"] == "live_off"
        move(job, reason="while Redis was away")
        frail.start()
        hear_through(line, "resync")
        say(line, type="subscribe", topic=f"job:{job.id}", after=1)
        assert hear_through(line, "snapshot")["job"]["reason"] == "while Redis was away"
        move(job, State.CANCELLED)
        assert hear_of(line, job)["status"] == "cancelled"


def test_without_redis_a_socket_opens_shows_the_job_and_says_so(
    lonely_web: Web, frail: Redis, ana: User
) -> None:
    job = a_job(ana)
    frail.signal(signal.SIGKILL)
    with lonely_web.open(ana) as line:
        watch(line, job.id)
        assert hear(line, "error")["code"] == "live_off"
        frail.start()
        hear_through(line, "resync")
        move(job)
        assert hear_of(line, job)["seq"] == 2


def test_a_client_that_ignores_resync_hears_again_all_the_same(
    lonely_web: Web, frail: Redis, ana: User
) -> None:
    early, late = a_job(ana), a_job(ana)
    with lonely_web.open(ana) as line:
        watch(line, early.id)
        frail.signal(signal.SIGKILL)
        hear(line, "error")
        watch(line, late.id)
        frail.start()
        hear_through(line, "resync")
        for job in (early, late):
            move(job)
            assert hear_of(line, job)["task_id"] == job.id


def test_a_cut_connection_to_redis_makes_sockets_resync(
    lonely_web: Web, frail: Redis, ana: User
) -> None:
    job = a_job(ana)
    with lonely_web.open(ana) as line, frail.client() as client:
        watch(line, job.id)
        assert client.execute_command("CLIENT KILL TYPE pubsub")
        hear_through(line, "resync")
        move(job)
        assert hear_of(line, job)["seq"] == 2


def test_flushing_redis_takes_nothing_from_sockets(
    lonely_web: Web, frail: Redis, ana: User
) -> None:
    job = a_job(ana)
    with lonely_web.open(ana) as line, frail.client() as client:
        watch(line, job.id)
        client.flushall()
        move(job)
        hear(line, "state")


def test_a_hanging_redis_delays_neither_subscribers_nor_publishers(
    lonely_web: Web, frail: Redis, ana: User
) -> None:
    known, other = a_job(ana), a_job(ana)
    with lonely_web.open(ana) as line:
        watch(line, known.id)
        move(known)
        hear(line, "state")
        frail.signal(signal.SIGSTOP)
        move(known, reason="told to nobody")
        say(line, type="subscribe", topic=f"job:{other.id}")
        heard: set[str] = set()
        while not heard >= {other.id, "live_off"}:
            message = json.loads(line.recv(timeout=15))
            heard.add(message.get("code") or message["task_id"])
        frail.signal(signal.SIGCONT)
        hear_through(line, "resync")


def test_pages_of_a_killed_web_find_another(lonely_web: Web, ana: User) -> None:
    job = a_job(ana)
    with lonely_web.open(ana) as line:
        watch(line, job.id)
        lonely_web.stop()
        assert code_of_close(line) == 1012
    lonely_web.start()
    with lonely_web.open(ana) as line:
        watch(line, job.id)
