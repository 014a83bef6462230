"""The broker of this test run, to be hung, killed, started and emptied."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings

from project.supervisor import embedded
from tests.conftest import start_server
from tests.waiting import eventually

from .rabbit import Rabbit


class Broker:
    """The private server; one that was given from outside is left in peace."""

    def __init__(self, url: str) -> None:
        self.url = self.redis_url = url
        self.started: list[subprocess.Popen[bytes]] = []
        self._known_pid = 0

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def behind(self, port: int) -> str:
        """The address of this server by way of a proxy that listens on `port`."""
        return f"redis://127.0.0.1:{port}/{self.place['db']}"

    @property
    def place(self) -> dict[str, Any]:
        """How it is connected with: `path`, or `host` and `port`, and `db`."""
        with self.client() as client:
            return {"db": 0} | client.connection_pool.connection_kwargs

    def messages(self, queue: str) -> list[bytes]:
        """What lies in a queue, all its priorities together."""
        with self.client() as client:
            keys = [queue, *client.scan_iter(f"{queue}\x06*")]
            return [m for key in keys for m in client.lrange(key, 0, -1)]

    def lose_half(self, queue: str) -> None:
        with self.client() as client:
            for key in [queue, *client.scan_iter(f"{queue}\x06*")]:
                for message in client.lrange(key, 0, -1)[::2]:
                    client.lrem(key, 1, message)

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Inside, the server accepts connections and says nothing."""
        process = self.pid
        os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process, signal.SIGCONT)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Inside, nobody listens."""
        os.kill(self.pid, signal.SIGKILL)
        self._known_pid = 0
        eventually(lambda: not self._answers())
        try:
            yield
        finally:
            self.start()

    def start(self) -> None:
        data = Path(settings.DATA_DIR)
        self.started.append(start_server(next(embedded.places(data)), data))

    def lose_everything(self) -> None:
        with self.client() as client:
            client.flushall()

    def end(self) -> None:
        for server in self.started:
            server.terminate()
            server.wait(10)

    @property
    def is_silent(self) -> bool:
        """Whether it is hung at this moment."""
        state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "T"

    @property
    def pid(self) -> int:
        """Of the server's process, also while it hangs."""
        if not self._known_pid or not Path(f"/proc/{self._known_pid}").exists():
            self._known_pid = self._ask_pid()
        return self._known_pid

    def _ask_pid(self) -> int:
        if os.environ.get("TEST_REDIS_URL"):
            pytest.skip("this server is not ours to hurt")
        with self.client() as client:
            return int(client.info("server")["process_id"])

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


def of_this_run(redis_url: str) -> Broker | Rabbit:
    """RabbitMQ where one was given, else the private server itself."""
    given = os.environ.get("TEST_BROKER_URL")
    return Rabbit(given, redis_url) if given else Broker(redis_url)
