"""The database connection for the books: claim, finish, progress, lease.

Celery's Django fixup closes the connections of a thread around every task; the books
would pay two connects for each job. And what a function leaves behind on its
connection (an open or a broken transaction) must not spoil the write that ends it.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import OperationalError, connections, router, transaction
from django.db.utils import InterfaceError

from jobs.conf import configuration
from jobs.models import Job

from .turns import open_asking

BROKEN = (OperationalError, InterfaceError)
LONGEST_PAUSE_SECONDS = 1.0
Done = TypeVar("Done")


class _Own(threading.local):
    connection: Any = None
    pid: int = 0


_own = _Own()


@contextmanager
def the_books() -> Iterator[None]:
    """Inside, this thread's queries go over a connection that only the books use."""
    alias = router.db_for_write(Job)
    theirs = getattr(connections._connections, alias, None)  # type: ignore[attr-defined]
    if theirs is not None and theirs is _own.connection:
        yield  # nested
        return
    connections[alias] = _connection(alias)
    try:
        yield
    except BROKEN:
        # A server that restarted: Django never heals a connection by itself.
        _own.connection.close()
        raise
    finally:
        if theirs is None:
            del connections[alias]
        else:
            connections[alias] = theirs


def patiently(write: Callable[[], Done]) -> Done:
    """Do a write that carries a lease. A database that restarts must not turn success into
    failure: as long as it is away we wait, since a fenced write does no harm when it comes
    late. One that is there and refuses is asked again for the time of one lease."""
    pause, refused_since = 0.1, None
    while True:
        try:
            with the_books():
                return write()
        except BROKEN:
            if not _is_open():
                refused_since = None
            elif refused_since is None:
                refused_since = time.monotonic()
            elif time.monotonic() - refused_since > configuration().lease_seconds:
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _is_open() -> bool:
    """Whether the database lets us begin to write."""
    try:
        with the_books(), transaction.atomic(), transaction.get_connection().cursor() as cursor:
            cursor.execute("SELECT 1")
    except BROKEN:
        return False
    return True


def _connection(alias: str) -> Any:
    if _own.connection is None or _own.pid != os.getpid():
        _own.connection, _own.pid = connections.create_connection(alias), os.getpid()
    if _own.connection.connection is None:
        open_asking(_own.connection)
    return _own.connection


def close_books() -> None:
    """Close this thread's connection, e.g. before the process forks."""
    if _own.connection is not None and _own.pid == os.getpid():
        _own.connection.close()
        _own.connection = None


def drop_open_transactions() -> None:
    """What a function left open on its connections is undone, as the end of its process
    would do: on SQLite it holds the very lock that the books need."""
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block or not connection.autocommit:
            if connection.connection is not None:
                connection.connection.close()
            del connections[connection.alias]
