"""From the process where something happened to the web processes that watch it.

A plain synchronous PUBLISH in the wire format of the pub/sub layer: 0.05 ms, where going
through the layer itself costs a new event loop and a new connection per call. It never
raises and never takes longer than 0.2 s; while Redis does not answer it is not asked. What
happens to jobs is carried by a thread: a caller of `.delay()` does not wait for it.
"""

import atexit
import logging
import os
import time
from collections.abc import Iterable
from threading import Lock, Timer
from typing import Any

from celery.signals import worker_process_shutdown
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer
from channels_redis.utils import _consistent_hash, decode_hosts
from django.core.signals import setting_changed
from django.utils.module_loading import import_string
from redis import Connection, ConnectionPool, Redis, RedisError
from redis.sentinel import Sentinel, SentinelConnectionPool

from jobs.conf import configuration
from jobs.signals import job_changed, job_reported, jobs_came, rights_changed, thing_changed

from .courier import Courier, Told
from .groups import NEWS, RIGHTS, group_of_job
from .messages import Message, change, look, many, state
from .sight import EVERYBODY, key_of_person, keys_of_change
from .wire import packed

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.09
"""For the connection and for the answer, each."""

PAUSE_SECONDS = 1.0
"""How long Redis is left alone after it failed."""

MOST_OWED = 1_000
"""Groups whose messages are kept to be told when Redis is back."""

OWED_SECONDS = 30.0
"""For how long: after that, sockets have looked at the rows."""

MOST_LOG_CHARS = 64_000
"""A larger piece of log travels as its line numbers only: listeners read the rows."""


def connect() -> None:
    """Begin to listen to what happens in this process."""
    job_changed.connect(_tell_state, dispatch_uid="jobs.live")
    jobs_came.connect(_tell_number, dispatch_uid="jobs.live")
    job_reported.connect(_tell_report, dispatch_uid="jobs.live")
    thing_changed.connect(_tell_change, dispatch_uid="jobs.live")
    rights_changed.connect(_tell_rights, dispatch_uid="jobs.live")
    atexit.register(let_out)
    # A process of a worker's pool ends without the above.
    worker_process_shutdown.connect(let_out, dispatch_uid="jobs.live")


def let_out(**kwargs: Any) -> None:
    """Wait until Redis has what was told in this process; for one that is about to end."""
    if _current is not None and _current.pid == os.getpid():
        _current.courier.drain()


def _tell_state(
    *, job_id: str, facts: Message, task: str, owner: Any, schedule: Any = None, **kwargs: Any
) -> None:
    _give(Told(group_of_job(job_id), [state(facts)], must_arrive=True))
    keys = keys_of_change("jobs", task=task, owner=owner)
    news = [change("jobs", keys, job_id, facts)]
    if schedule is not None:
        news.append(change("schedules", keys_of_change("schedules", task=task), schedule))
    _give(Told(NEWS, news, must_arrive=True))


def _tell_number(
    *, count: int, task: str, owner: Any, schedules: Iterable[Any], **kwargs: Any
) -> None:
    news = [many("jobs", keys_of_change("jobs", task=task, owner=owner), count)]
    keys = keys_of_change("schedules", task=task)
    news += [change("schedules", keys, schedule) for schedule in schedules]
    _give(Told(NEWS, news, must_arrive=True))


def _tell_change(*, topic: str, pk: Any, task: str | None = None, **kwargs: Any) -> None:
    keys = keys_of_change(topic, task=task)
    _give(Told(NEWS, [change(topic, keys, pk)], must_arrive=True))


def _tell_rights(*, people: Iterable[Any] | None, **kwargs: Any) -> None:
    keys = [EVERYBODY] if people is None else [key_of_person(pk) for pk in people]
    _give(Told(RIGHTS, [look(keys)], must_arrive=True))


def _give(told: Told) -> None:
    if publisher := _publisher():
        publisher.courier.give(told)


def _tell_report(*, job_id: str, frames: list[Message], **kwargs: Any) -> None:
    """The reporter has a thread of its own: another one would cost a busy task's watchers
    a second wait for the interpreter. But nothing overtakes what was told before."""
    if publisher := _publisher():
        told = Told(group_of_job(job_id), [_lightened(frame) for frame in frames])
        carry = publisher.tell if publisher.courier.is_idle else publisher.courier.give
        carry(told)


def _lightened(frame: Message) -> Message:
    lines = frame.get("lines")
    if not lines or sum(len(line[-1]) for line in lines) <= MOST_LOG_CHARS:
        return frame
    return frame | {"lines": [], "count": len(lines)}


class Publisher:
    """The connections of one process to Redis, for publishing only."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        alias = configuration().channel_layer
        config = channel_layers.configs[alias].get("CONFIG", {})
        hosts = decode_hosts(config.get("hosts"))
        self._layer = channel_layers.make_backend(alias)
        self._prefix = config.get("prefix", "asgi")
        self._clients = [Redis(connection_pool=_pool(host)) for host in hosts]
        self._silent_until = 0.0
        self._owed: dict[str, Told] = {}
        self._owing_since = 0.0
        self._lock = Lock()
        self.courier = Courier(self.tell)
        self.courier.start()

    def tell(self, told: Told) -> None:
        """Send its frames to all who hear its group. One that `must_arrive` is sent again
        when Redis is back; if even that fails, listeners learn of it from the rows."""
        try:
            payload: bytes = self._layer.serialize(packed(told.group, told.frames))
        except (TypeError, ValueError, RecursionError):
            log.exception("A message for %s cannot be written as JSON.", told.group)
            return
        may_send = time.monotonic() >= self._silent_until
        is_sent = may_send and self._sent(told.group, payload)
        if told.must_arrive and not is_sent:
            self._owe(told)

    def _sent(self, group: str, payload: bytes) -> bool:
        channel = f"{self._prefix}__group__{group}"
        client = self._clients[_consistent_hash(channel, len(self._clients))]
        try:
            client.publish(channel, payload)
        except (RedisError, OSError) as failure:
            self._fall_silent(failure)
            return False
        if self._silent_until:
            self._silent_until = 0.0
            log.info("Live messages are sent again.")
        return True

    def _fall_silent(self, failure: Exception) -> None:
        if not self._silent_until:
            log.warning("Live messages are not sent: %s", failure)
        self._silent_until = time.monotonic() + PAUSE_SECONDS

    def _owe(self, told: Told) -> None:
        with self._lock:
            if is_first := not self._owed:
                self._owing_since = time.monotonic()
            if before := self._owed.pop(told.group, None):
                before.take_in(told)
            self._owed[told.group] = before or told
            if len(self._owed) > MOST_OWED:
                self._owed.pop(next(iter(self._owed)))
        if is_first:
            self._pay_later()

    def _pay_later(self) -> None:
        timer = Timer(PAUSE_SECONDS, self._pay)
        timer.daemon = True
        timer.start()

    def _pay(self) -> None:
        """Send what is owed, unless it is too old by now; what fails again is owed again."""
        with self._lock:
            owed, self._owed = self._owed, {}
            since = self._owing_since
        if time.monotonic() - since < OWED_SECONDS:
            for told in owed.values():
                self.tell(told)
        with self._lock:
            if self._owed:
                self._owing_since = since


def _pool(host: dict[str, Any]) -> ConnectionPool:
    """The pool that the layer's configuration of one host asks for, but impatient."""
    options = {key: value for key, value in host.items() if key not in _ASYNC_ONLY}
    options |= {
        "socket_timeout": PATIENCE_SECONDS,
        "socket_connect_timeout": PATIENCE_SECONDS,
        "driver_info": None,  # two round trips less at every connect
    }
    if "address" in options:
        return ConnectionPool.from_url(options.pop("address"), **options)
    if "master_name" in options:
        impatient = {"socket_timeout": PATIENCE_SECONDS} | options.pop("sentinel_kwargs", {})
        sentinels = Sentinel(  # type: ignore[no-untyped-call]
            options.pop("sentinels"), sentinel_kwargs=impatient
        )
        return SentinelConnectionPool(  # type: ignore[no-untyped-call]
            options.pop("master_name"), sentinels, **options
        )
    return ConnectionPool(connection_class=Connection, **options)


# Options of the layer that mean something to asyncio's connections only.
_ASYNC_ONLY = frozenset({"connection_class", "retry", "retry_on_error", "retry_on_timeout"})

_current: Publisher | None = None


def _publisher() -> Publisher | None:
    """This process' own, since a forked child must not use its parent's connections;
    None where no pub/sub layer is set up: pages poll."""
    global _current
    if _current is None or _current.pid != os.getpid():
        if not _is_set_up():
            return None
        _current = Publisher()
    return _current


def _forget(*, setting: str, **kwargs: Any) -> None:
    global _current
    if setting in ("CHANNEL_LAYERS", "JOBS_CHANNEL_LAYER"):
        _current = None


setting_changed.connect(_forget)


def _is_set_up() -> bool:
    backend = channel_layers.configs.get(configuration().channel_layer, {}).get("BACKEND", "")
    return bool(backend) and issubclass(import_string(backend), RedisPubSubChannelLayer)
