"""Database calls of sockets, in threads of their own.

Channels' own way sends every call through one global thread: one slow query in one socket
then stalls all of them (django/channels#2132). Here a few threads, and never more, serve
the sockets of a process, and one person's sockets never fill them; each keeps its
connection, since thousands of sockets that look again every so often would otherwise spend
more on connecting than on looking.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from django.db import close_old_connections, connections

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 8
THREADS_PER_PERSON = 3
KEPT_SECONDS = 60
_KEPT = {"CONN_MAX_AGE": KEPT_SECONDS, "CONN_HEALTH_CHECKS": True}


def keep_connections() -> None:
    """In the thread that calls this; a pool keeps them by itself."""
    for connection in connections.all():
        if not connection.settings_dict.get("OPTIONS", {}).get("pool"):
            connection.settings_dict = connection.settings_dict | _KEPT  # this thread's alone


_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live", initializer=keep_connections)
_lanes: "WeakValueDictionary[Any, asyncio.Semaphore]" = WeakValueDictionary()
_lane: ContextVar[asyncio.Semaphore | None] = ContextVar("lane", default=None)


def take_lane(person: Any) -> None:
    """From now on the calls of this asyncio task, and of those that it starts, share what
    one person may use at once."""
    lane = _lanes.get(person) or asyncio.Semaphore(THREADS_PER_PERSON)
    _lanes[person] = lane
    _lane.set(lane)


async def in_thread(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """The result of `function`, which may use the database; its errors are raised here."""

    def with_sound_connection() -> R:
        close_old_connections()
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    async with AsyncExitStack() as stack:
        if lane := _lane.get():
            await stack.enter_async_context(lane)
        return await asyncio.get_running_loop().run_in_executor(_threads, with_sound_connection)
