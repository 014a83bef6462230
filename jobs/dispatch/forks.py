"""Database work in a process that forks: a worker's main process, and its threads."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

# Reentrant: Celery's shutdown handlers write too, and may interrupt this very thread.
_no_fork = threading.RLock()


def guard_forks() -> None:
    """In a process that forks: never while one of its threads is inside SQLite, whose
    locks would be inherited as held by nobody; the child would wait for them for ever."""
    os.register_at_fork(before=_hold, after_in_parent=_let_go, after_in_child=_begin_anew)


def _hold() -> None:
    _no_fork.acquire()


def _let_go() -> None:
    _no_fork.release()


def _begin_anew() -> None:
    global _no_fork
    _no_fork = threading.RLock()


@contextmanager
def between_forks() -> Iterator[None]:
    """No fork meanwhile, and no connection left open that a child could inherit."""
    with _no_fork:
        try:
            yield
        finally:
            connections.close_all()
