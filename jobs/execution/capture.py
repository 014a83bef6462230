"""Whatever a task writes with logging, print or stderr also becomes its job's log.

`install` is called in a worker process and puts one handler on the loggers and one stream
before stdout and stderr; `listening` says whose words are heard. Who writes is found by
context: it follows `async def` and threads that copy their context. A thread without
context is heard when its process runs exactly one attempt and it cannot be anybody else's.
"""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO, cast

from .log import Log
from .streams import Stream, is_echoing

_log: ContextVar[Log | None] = ContextVar("log of the attempt", default=None)
_deaf: ContextVar[bool] = ContextVar("not heard", default=False)
_open: list["_Listener"] = []


@contextmanager
def listening(log: Log) -> Iterator[Log]:
    """Until the end of the block, what is written here goes to `log` too."""
    install()
    listener = _Listener(log)
    token = _log.set(log)
    _open.append(listener)
    try:
        yield log
    finally:
        for level, line in log.close():
            _show(level, line)
        _open.remove(listener)
        _log.reset(token)


def heard() -> Log | None:
    """The log that what is written here and now belongs to."""
    log = _log.get()
    if log is None and len(_open) == 1 and not _deaf.get() and _open[0].may_own_this_thread():
        return _open[0].log
    return log


def be_deaf() -> None:
    """What this thread writes is nobody's log: for threads of ours beside the task."""
    _log.set(None)
    _deaf.set(True)


class _Listener:
    """An attempt that is listened to, and the threads that are surely not its own."""

    def __init__(self, log: Log) -> None:
        self.log = log
        # On the main thread (prefork, solo) an attempt has the process for itself.
        alone = threading.current_thread() is threading.main_thread()
        self._others = frozenset() if alone else frozenset(threading.enumerate())

    def may_own_this_thread(self) -> bool:
        return threading.current_thread() not in self._others


def install() -> None:
    """Hear this process. Cheap when it is so already, so call it once more when in doubt:
    Celery replaces streams and handlers while it starts."""
    if not isinstance(sys.stdout, Stream):
        sys.stdout = cast(TextIO, Stream("info", sys.stdout, heard))
    if not isinstance(sys.stderr, Stream):
        sys.stderr = cast(TextIO, Stream("warning", sys.stderr, heard))
    if _handler not in logging.root.handlers:
        for logger in _ends_of_the_way():
            _put_first(logger)


def uninstall() -> None:
    """Leave this process as it was."""
    sys.stdout, sys.stderr = (_own(stream) for stream in (sys.stdout, sys.stderr))
    for logger in _ends_of_the_way():
        logger.removeHandler(_handler)


def _own(stream: TextIO) -> TextIO:
    return stream.own if isinstance(stream, Stream) else stream


def _show(level: str, line: str) -> None:
    stream: Any = sys.stderr if level == "warning" else sys.stdout
    if isinstance(stream, Stream):
        stream.echo(line)


def _ends_of_the_way() -> list[logging.Logger]:
    """The loggers whose records go no further up: the root, Celery's `celery.task`, and
    what a site's LOGGING cut off."""
    known = logging.root.manager.loggerDict.values()
    cut_off = [one for one in known if isinstance(one, logging.Logger) and not one.propagate]
    return [logging.root, *cut_off]


def _put_first(logger: logging.Logger) -> None:
    """Before all others, so that they get the record with its secrets hidden."""
    if _handler not in logger.handlers:
        logger.handlers.insert(0, _handler)


class _Handler(logging.Handler):
    """Puts records in the log of the attempt that wrote them."""

    _words = logging.Formatter("%(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        log = heard()
        # Two loggers on one way, or our own stream on its way to Celery's console.
        if log is None or getattr(record, "_heard", None) is log or is_echoing():
            return
        try:
            words = log.mask(self._words.format(record))
            log.add(_level(record.levelno), words)
            _hide(record, log)
        except Exception:
            self.handleError(record)
        record._heard = log


def _level(number: int) -> str:
    """The name of the nearest standard level below."""
    for level in (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO):
        if number >= level:
            return logging.getLevelName(level).lower()
    return "debug"


def _hide(record: logging.LogRecord, log: Log) -> None:
    """Take the secrets out of the record, for the worker's own log."""
    masked = log.mask(record.message)
    if masked != record.message:
        record.msg, record.args = masked, None
    if record.exc_text:
        record.exc_text = log.mask(record.exc_text)


_handler = _Handler()


def _forget() -> None:
    """A process forked by a task has no reporter: what it writes goes to the console."""
    _open.clear()
    _log.set(None)


os.register_at_fork(after_in_child=_forget)
