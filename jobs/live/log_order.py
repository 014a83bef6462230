"""The log of one job on its way to one socket: every line once, in order.

Lines are heard live up to a second before they are stored. Where one is missing, what is
heard is held back until the rows have filled the gap; a slow reader gets its lines from
the rows altogether.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from .messages import Message, encode
from .outbox import Outbox

MOST_HELD = 50
"""Pieces of log held while earlier lines are fetched: five seconds of a busy job."""


@dataclass
class LogPosition:
    """The last line that a client has, and which attempt wrote it."""

    line: int
    attempt: int


class LogOrder:
    """What has been told of a log, and what is missing."""

    def __init__(self, outbox: Outbox) -> None:
        self.missing = asyncio.Event()
        """Set while lines are known to exist that the client was not told."""
        self._outbox = outbox
        self._at = LogPosition(0, 0)
        self._known_line = 0
        self._held: deque[Message] = deque(maxlen=MOST_HELD)

    @property
    def line(self) -> int:
        """The last line that the client was told."""
        return self._at.line

    def begin(self, position: LogPosition, last_line: int) -> None:
        """The client has the lines up to `position`; there are some up to `last_line`."""
        self._at = position
        self.note(last_line)

    def note(self, last_line: int) -> None:
        """Lines up to this number exist."""
        self._known_line = max(self._known_line, last_line)
        self._weigh()

    def take(self, message: Message) -> None:
        """A `log` message was heard."""
        if message["attempt"] < self._at.attempt:
            return  # the late words of an attempt that lost its lease
        if message["attempt"] > self._at.attempt:
            self._start_attempt(message)
        last = _last(message)
        if last <= self._at.line:
            return
        if self._follows(message) and self._outbox.is_comfortable:
            self._tell(message)
        elif self._outbox.is_comfortable:
            self._held.append(message)
        self.note(last)

    def take_stored(self, message: Message) -> None:
        """A `log` message was read from the rows. Lines that they lack were never stored."""
        self._at.line = max(self._at.line, message["first"] - 1)
        self._at.attempt = max(self._at.attempt, message["attempt"])
        self._tell(message)

    def splice(self) -> None:
        """After lines were read: tell those held ones that follow now."""
        while self._held and self._follows(self._held[0]):
            self._tell(self._held.popleft())
        self._weigh()

    def give_up(self) -> None:
        """The missing lines were never stored: go on after them."""
        first = self._held[0]["first"] if self._held else self._known_line + 1
        self._at.line = max(self._at.line, first - 1)
        self.splice()

    def _start_attempt(self, message: Message) -> None:
        """Lines that a dead worker sent and never stored are written anew."""
        line = min(self._at.line, message["first"] - 1)
        self._at = LogPosition(line, message["attempt"])
        self._known_line = line
        self._held.clear()

    def _follows(self, message: Message) -> bool:
        """Whether it brings the next line; one too large to travel brings none at all."""
        next_line = self._at.line + 1
        return message["first"] <= next_line and bool(message["lines"])

    def _tell(self, message: Message) -> None:
        skip = self._at.line + 1 - message["first"]
        lines = message["lines"][skip:]
        if lines:
            told = message | {"first": self._at.line + 1, "lines": lines}
            self._at.line += len(lines)
            self._outbox.put(encode(told))
        self._weigh()

    def _weigh(self) -> None:
        if self._known_line > self._at.line:
            self.missing.set()
        else:
            self.missing.clear()


def _last(message: Message) -> int:
    """The number of the last line; `count` stands for lines that were too many to send."""
    last: int = message["first"] + message.get("count", len(message["lines"])) - 1
    return last
