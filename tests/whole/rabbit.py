"""RabbitMQ as the broker of a test run, to be hung, cut off and emptied.

The server may be somebody's: only our way to it and our virtual host are hurt.
"""

import base64
import fcntl
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from amqp.exceptions import NotFound
from django.conf import settings
from kombu import Connection

from jobs.models import Job
from tests.rabbitmq import control, names_a_host

from .proxy import Proxy


class Rabbit:
    """What `Broker` is for Redis. Browsers are still told by way of the private server."""

    def __init__(self, given: str, redis_url: str) -> None:
        self.redis_url = redis_url
        self.url: str = settings.CELERY_BROKER_URL
        own, there = urlsplit(self.url), urlsplit(given)
        self.straight = there._replace(path=own.path).geturl()
        self.is_made = not names_a_host(given)
        self.host = own.path[1:]
        self.known = {"celery"}
        self._occupy(own.username or "guest")
        target = (there.hostname or "127.0.0.1", there.port or 5672)
        self.proxy = Proxy(target, own.port or 0)

    def messages(self, queue: str) -> list[bytes]:
        """What lies in a queue, the newest first, as Redis keeps it."""
        with self._taken(queue) as taken:
            return [_as_redis_has_it(message) for message in reversed(taken)]

    def lose_half(self, queue: str) -> None:
        with self._taken(queue) as taken:
            for message in taken[::2]:
                message.channel.basic_ack(message.delivery_tag)

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Inside, the server accepts connections and says nothing."""
        self.proxy.hold()
        try:
            yield
        finally:
            self.proxy.release()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Inside, nobody is let in."""
        self.proxy.cut()
        try:
            yield
        finally:
            self.proxy.mend()

    def lose_everything(self) -> None:
        """As a server that was started again, and found nothing where its data were."""
        self.known |= set(Job.objects.order_by().values_list("queue", flat=True).distinct())
        with self.down():
            for queue in self.known:
                self.delete(queue)

    def delete(self, queue: str) -> None:
        """Behind the back of all who are connected."""
        with self._channel() as channel:
            channel.queue_delete(queue)

    def end(self) -> None:
        self.proxy.stop()
        if self.is_made:
            control("delete_vhost", self.host)
            return
        for queue in self.known:
            self.delete(queue)

    @property
    def is_silent(self) -> bool:
        return self.proxy.holds

    def _occupy(self, user: str) -> None:
        """Make the virtual host; one that was given is for one test run at a time."""
        if not self.is_made:
            lock = Path(tempfile.gettempdir()) / f"batuta-{self.host.replace('/', '-')}.lock"
            self.lock = lock.open("w")
            fcntl.flock(self.lock, fcntl.LOCK_EX)
        elif not (
            control("add_vhost", self.host)
            and control("set_permissions", "-p", self.host, user, ".*", ".*", ".*")
        ):
            pytest.skip("no virtual host could be made: name one in TEST_BROKER_URL")

    @contextmanager
    def _channel(self) -> Iterator[Any]:
        with Connection(self.straight, connect_timeout=5) as connection:
            yield connection.default_channel

    @contextmanager
    def _taken(self, queue: str) -> Iterator[list[Any]]:
        """All messages of a queue, the oldest first; those that are not acknowledged inside
        go back to their places."""
        self.known.add(queue)
        with self._channel() as channel:
            try:
                channel.queue_declare(queue, passive=True)
            except NotFound:
                yield []
                return
            yield list(iter(lambda: channel.basic_get(queue), None))
            channel.basic_recover(requeue=True)


def _as_redis_has_it(message: Any) -> bytes:
    body = message.body if isinstance(message.body, bytes) else message.body.encode()
    told = {"headers": message.headers, "body": base64.b64encode(body).decode()}
    return json.dumps(told).encode()
