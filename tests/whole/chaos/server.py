"""The brokers that can be hurt: a private server, a given one, and RabbitMQ."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import redis
from kombu import Connection

from project.places import for_kombu
from project.supervisor import embedded
from tests.conftest import start_server
from tests.waiting import eventually


class Private:
    """A Redis or Valkey of our own; its data may be lost at any moment."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.place = next(embedded.places(data))
        self.url = self.place.url
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = start_server(self.place, self.data)

    def kill(self) -> None:
        """It dies, and nothing is left of what it knew."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.data / "redis", ignore_errors=True)

    def signal(self, number: int) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def flush(self) -> None:
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            client.flushall()

    def stop(self) -> None:
        if self.process is not None:
            self.signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(20)


class Queue:
    """A queue on a broker that others use as well: only it may be emptied."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name

    def purge(self) -> None:
        with Connection(for_kombu(self.url), connect_timeout=5) as connection:
            channel = connection.default_channel
            for priority in ("", "\x06\x163", "\x06\x166", "\x06\x169"):
                with suppress(connection.channel_errors):
                    channel.queue_purge(self.name + priority)
                    channel = connection.default_channel

    def remove(self) -> None:
        def removed() -> bool:
            with Connection(for_kombu(self.url), connect_timeout=5) as connection:
                connection.default_channel.queue_delete(self.name)
            return True

        eventually(removed)
