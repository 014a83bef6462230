"""What every test may ask for."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from whitenoise.middleware import WhiteNoiseMiddleware

from project.supervisor import embedded
from tests.waiting import eventually

pytest_plugins = ["tests.whole.house"]


def pytest_report_header() -> list[str]:
    """Which database this run is about, without its password."""
    engine = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    host = settings.DATABASES["default"].get("HOST") or "a file of its own"
    broker = "RabbitMQ" if os.environ.get("TEST_BROKER_URL") else "redis"
    return [
        f"database: {engine} ({host}) · redis: {os.environ.get('TEST_REDIS_URL') or 'private'}"
        f" · broker: {broker}"
    ]


def start_server(place: embedded.Place, data: Path) -> subprocess.Popen[bytes]:
    """A private server that answers; the caller ends it."""
    program = embedded.program()
    server = subprocess.Popen([program, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert server.stdin is not None
    server.stdin.write(embedded.configuration(place, embedded.data_folder(program, data)))
    server.stdin.close()
    eventually(lambda: _answers(place.url))
    return server


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture(scope="session", autouse=True)
def static_files_read_once() -> Iterator[None]:
    """Each client of Django's tests starts the middleware anew, for which WhiteNoise read all
    static files again: half of the time that a test of a page took."""
    read = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, dict[str, Any]] = {}

    def remember(self: WhiteNoiseMiddleware) -> None:
        if self.static_prefix not in found:
            read(self)
            found[self.static_prefix] = dict(self.files)
        self.files.update(found[self.static_prefix])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", remember)
        yield


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a real server at `settings.REDIS_URL`, private to this run."""
    if os.environ.get("TEST_REDIS_URL"):
        yield settings.REDIS_URL
        return
    data = Path(settings.DATA_DIR)
    server = start_server(next(embedded.places(data)), data)
    yield settings.REDIS_URL
    server.terminate()
    server.wait(10)


@pytest.fixture(scope="session")
def session_broker(redis_server: str) -> Iterator[Any]:
    """What this run's jobs are rung by, and may hurt: the same server, or RabbitMQ."""
    from tests.whole.broker import of_this_run  # it needs this module and the models

    server = of_this_run(redis_server)
    yield server
    server.end()


@pytest.fixture
def redis_client(redis_server: str) -> Iterator[redis.Redis]:
    """A client of the private server, emptied before the test."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: Any, django_db_blocker: Any) -> Iterator[None]:
    """Threads of ours keep their connections for a while, and PostgreSQL deletes no database
    that somebody is in: each run left some behind."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
