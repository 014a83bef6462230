"""A stand-in for stdout or stderr that lets a job's log read along."""

import codecs
import io
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

from jobs.sanitize import without_colours

from .log import Log


class _Echo(threading.local):
    is_on = False


_echo = _Echo()


def is_echoing() -> bool:
    """Whether this thread is just passing a line of a task to the worker's console."""
    return _echo.is_on


class Stream(io.TextIOBase):
    """A text file whose lines go to the log of who writes, and to `own`, the stream that
    stood here before.

    The worker's console gets what the log keeps: whole lines, secrets hidden, without
    escapes, and no more once the log is full.
    """

    def __init__(self, level: str, own: TextIO, heard: Callable[[], Log | None]) -> None:
        self.own = own
        self.buffer = _Bytes(self)
        self._level = level
        self._heard = heard

    def write(self, piece: str) -> int:
        if not isinstance(piece, str):
            raise TypeError(f"write() argument must be str, not {type(piece).__name__}")
        log = self._heard()
        if log is None or _echo.is_on or _logging_calls():
            self.own.write(piece)
        else:
            for line in log.write(self._level, piece):
                self.echo(line)
        return len(piece)

    def echo(self, line: str) -> None:
        """Show a line on the worker's console only."""
        _echo.is_on = True
        try:
            self.own.write(without_colours(line) + "\n")
        finally:
            _echo.is_on = False

    def flush(self) -> None:
        self.own.flush()

    def close(self) -> None:
        """Only flush: the stream serves the whole process, not the task that closes it."""
        self.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """The file of the process, for subprocesses: what they write there is not heard."""
        own = getattr(self.own, "fileno", None)
        standard = sys.__stderr__ if self._level == "warning" else sys.__stdout__
        if own is None and standard is not None:
            own = standard.fileno
        if own is None:
            raise io.UnsupportedOperation("fileno")
        return int(own())

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self.own, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return getattr(self.own, "errors", None) or "replace"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)


def _logging_calls() -> bool:
    """Whether a logging handler writes to a stream: its record was heard already."""
    return sys._getframe(2).f_globals.get("__name__") == "logging"


class _Bytes(io.RawIOBase):
    """`sys.stdout.buffer`: bytes that somebody writes are read as UTF-8."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(self._decoder.decode(bytes(data)))
        return len(data)

    def flush(self) -> None:
        self._stream.flush()
