"""The log of one attempt: numbered lines, bounded in every direction, never in the way.

Any thread may add lines; one reporter takes them away and stores them. A task that writes
faster than that, or without end, loses lines where a mark says so, never memory.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from threading import RLock, get_ident
from time import time

from django.utils.translation import gettext

from jobs.conf import configuration
from jobs.sanitize import masker
from jobs.sanitize import text as harmless

LINES_IN_MEMORY = 20_000
"""How many lines wait for the reporter; those beyond are dropped, with a mark."""

CHARS_IN_MEMORY = 4_000_000
"""How many characters wait for the reporter."""


LEVELS = {name: name for name in ("debug", "info", "warning", "error", "critical")}
LEVELS |= {"warn": "warning", "fatal": "critical"}


class Log:
    """The lines of one attempt that are not stored yet.

    `first` is the number of the first line to come, counted from 1 over all attempts of
    the job. `on_line` is called after lines came in; `mask` hides the secrets in any text.
    """

    def __init__(self, first: int = 1, secrets: Iterable[str] = ()) -> None:
        conf = configuration()
        self.on_line: Callable[[], None] | None = None
        self.not_kept = 0
        self.hide(secrets)
        self._last = conf.log_max_lines
        self._line_chars = conf.log_line_max_chars
        self._chars_left = conf.log_max_chars
        self._first = first
        # An earlier attempt that went over the end left the mark as line `_last + 1`.
        self._is_cut = first > self._last + 1
        self._lines: list[tuple[float, str, str]] = []
        self._chars = 0
        self._dropped = 0
        self._pieces: dict[tuple[str, int], Pieces] = {}
        # Reentrant: a signal handler or a destructor may log while a line is added.
        self._lock = RLock()

    def hide(self, secrets: Iterable[str]) -> None:
        """From now on show dots instead of these texts (of four characters or more)."""
        self.mask = masker(secrets)

    def add(self, level: str, text: str) -> None:
        """Add a text of one or more lines; `level` is a name of logging's, else it is info.

        Costs microseconds and never raises for a text, however evil.
        """
        level = LEVELS.get(level) or LEVELS.get(str(level).lower(), "info")
        if not isinstance(text, str):
            text = str(text)
        self._keep(level, text[:-1] if text.endswith("\n") else text)

    def write(self, level: str, piece: str) -> list[str]:
        """Add a piece of a stream; the lines that it completed and that were kept.

        What has no line end yet waits for the next piece from the same thread.
        """
        with self._lock:
            pieces = self._pieces.setdefault((level, get_ident()), Pieces(self._line_chars))
            complete = pieces.join(piece)
        return [] if complete is None else self._keep(level, complete)

    def close(self) -> list[tuple[str, str]]:
        """Make lines of all that still waits for its line end; they, as (level, text)."""
        with self._lock:
            waiting, self._pieces = self._pieces, {}
        return [
            (level, line)
            for (level, _), pieces in waiting.items()
            if (rest := pieces.rest())
            for line in self._keep(level, rest)
        ]

    def take(self) -> tuple[int, list[tuple[str, str, str]]]:
        """The number of the first line not taken yet, and the lines: (time, level, text)."""
        with self._lock:
            if self._dropped and not self._is_cut:
                self._mark_gap()
            first, lines = self._first, self._lines
            self._first += len(lines)
            self._lines, self._chars, self._dropped = [], 0, 0
        return first, [(_stamp(moment), level, text) for moment, level, text in lines]

    def _keep(self, level: str, text: str) -> list[str]:
        text = self.mask(text)
        kept = []
        with self._lock:
            before = len(self._lines)
            room = self._room()
            for line in text.split("\n", room) if room else ():
                if not self._room():
                    break
                kept.append(self._append(level, line))
            if missed := text.count("\n") + 1 - len(kept):
                self._miss(missed)
            came = len(self._lines) > before
        if came and self.on_line is not None:
            self.on_line()
        return kept

    def _room(self) -> int:
        """How many more lines may come in now."""
        if self._chars >= CHARS_IN_MEMORY or self._chars_left <= 0 or self._is_cut:
            return 0
        waiting = len(self._lines)
        return min(LINES_IN_MEMORY - waiting, self._last + 1 - self._first - waiting)

    def _append(self, level: str, line: str) -> str:
        if "\r" in line:
            line = last_state(line)
        line = harmless(line, self._line_chars)
        self._lines.append((time(), level, line))
        self._chars += len(line)
        self._chars_left -= len(line)
        return line

    def _miss(self, count: int) -> None:
        self.not_kept += count
        if self._is_at_end():
            self._mark_end()
        else:
            self._dropped += count

    def _is_at_end(self) -> bool:
        return self._first + len(self._lines) > self._last or self._chars_left <= 0

    def _mark_end(self) -> None:
        if self._is_cut:
            return
        self._is_cut = True
        mark = gettext("✂ Cut here: this job has reached the end of what is kept of its log.")
        self._lines.append((time(), "warning", mark))

    def _mark_gap(self) -> None:
        if self._is_at_end():
            self._mark_end()
            return
        mark = gettext("✂ %(count)d lines are missing here: they came too fast to be stored.")
        self._append("warning", mark % {"count": self._dropped})


class Pieces:
    """What came of one stream from one writer since its last line end."""

    def __init__(self, line_chars: int) -> None:
        # More than is shown of a line, so that a secret across the cut is still seen.
        self._most = 2 * line_chars
        self._waiting = ""

    def join(self, piece: str) -> str | None:
        """The lines completed by this piece, without the last line end; None if none."""
        head, end, tail = piece.rpartition("\n")
        if not end:
            self._wait(self._waiting + piece)
            return None
        complete = self._waiting + head
        self._wait(tail)
        return complete

    def rest(self) -> str:
        """What still waits for its line end, which is then taken as come."""
        rest, self._waiting = self._waiting, ""
        return rest

    def _wait(self, text: str) -> None:
        if len(text) > self._most:
            overwritten = "\r" if text.endswith("\r") else ""
            text = last_state(text)[: self._most] + overwritten
        self._waiting = text


def last_state(line: str) -> str:
    """What a terminal would show at last of a line that was overwritten by `\\r`."""
    states = (state for state in reversed(line.split("\r")) if state.strip())
    return next(states, "")


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
