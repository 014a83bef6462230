"""Commands of a job: their output is heard line by line, and they never outlive it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Literal, Unpack

from django.utils.translation import gettext

from .log import Log
from .process import Process, Surroundings

LINES_IN_ERROR = 10


class Options(Surroundings, total=False):
    """What may be said of a command beside its words."""

    timeout: float | None  # seconds
    check: bool  # raise CommandFailed for a return code other than 0; the default
    stop: Callable[[], bool] | None  # asked ten times a second: shall it end now?


@dataclass(frozen=True)
class CompletedCommand:
    """A command that ended. A negative return code is the signal that killed it."""

    argv: tuple[str, ...]
    returncode: int
    lines: tuple[str, ...]


class CommandFailed(Exception):
    """A command ended with another return code than 0."""

    def __init__(self, program: str, returncode: int, lines: tuple[str, ...] = ()) -> None:
        super().__init__(program, returncode, lines)
        self.program, self.returncode, self.lines = program, returncode, lines

    def __str__(self) -> str:
        return "\n".join([self._what_happened(), *self.lines[-LINES_IN_ERROR:]])

    def _what_happened(self) -> str:
        words = {"program": self.program, "code": self.returncode}
        if self.returncode < 0:
            words["code"] = -self.returncode
            return gettext("%(program)s was killed by signal %(code)d.") % words
        return gettext("%(program)s ended with code %(code)d.") % words


class CommandTimedOut(CommandFailed, TimeoutError):
    """A command was ended because it took longer than its timeout."""

    def _what_happened(self) -> str:
        return gettext("%(program)s took too long and was ended.") % {"program": self.program}


def run_command(
    argv: Sequence[str | os.PathLike[str]], *, log: Log, **options: Unpack[Options]
) -> CompletedCommand:
    """Run a program; what it writes becomes lines of `log`: stdout info, stderr warning.

    No shell is involved: `argv` is a list, and a text is refused with TypeError. If this
    call is interrupted by whatever exception, the program and all that it started are
    ended first. Raises FileNotFoundError or PermissionError if it cannot be started,
    CommandFailed (with `check`) and CommandTimedOut. When `stop` ended it, it is returned:
    who asked for that knows what to do.
    """
    words = _words(argv)
    process = Process(words, log, options)
    try:
        process.start()
        ending = _follow(process, options)
    except BaseException:
        process.end()
        raise
    finally:
        process.close()
    code, lines = process.returncode(), tuple(process.tail)
    if ending == "timeout":
        raise CommandTimedOut(log.mask(words[0]), code, lines)
    if code and ending == "own" and options.get("check", True):
        raise CommandFailed(log.mask(words[0]), code, lines)
    return CompletedCommand(tuple(words), code, lines)


def _follow(process: Process, options: Options) -> Literal["own", "stop", "timeout"]:
    """Hear the process to its own end, or end it when it is asked or too late."""
    timeout, stop = options.get("timeout"), options.get("stop")
    give_up_at = None if timeout is None else monotonic() + timeout
    while process.is_running:
        process.hear()
        if stop is not None and stop():
            process.end()
            return "stop"
        if give_up_at is not None and monotonic() > give_up_at:
            process.end()
            return "timeout"
    return "own"


def _words(argv: Sequence[str | os.PathLike[str]]) -> list[str]:
    if isinstance(argv, str | bytes | os.PathLike):
        raise TypeError("A command is a list of words, e.g. ['ls', '-l'], not one text.")
    words = [os.fspath(word) for word in argv]
    if not words:
        raise ValueError("A command needs at least the name of a program.")
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"The words of a command are texts, {word!r} is not.")
    return words
