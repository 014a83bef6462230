"""A thread that carries what is told to Redis, so that nobody who tells has to wait.

The first message of a quiet time goes at once. What is told while it is on its way goes
together, one message for each group: a short job is one message to those who watch it, not
three, and a thousand changes are one message to the feeds.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any

from jobs.execution.capture import be_deaf

PAUSE_SECONDS = 0.003
"""How long after a message the next ones are collected."""

MOST_WAITING = 10_000
"""How much may wait; whoever tells more waits until there is room."""

MOST_FRAMES = 10_000
"""How many frames of one group go together; of more, the oldest are dropped."""

FAREWELL_SECONDS = 1.0
"""How long a process that ends waits for its last messages."""


@dataclass
class Told:
    """What is to be carried to those who hear one group."""

    group: str
    frames: list[dict[str, Any]]
    must_arrive: bool = False

    def take_in(self, later: "Told") -> None:
        self.frames += later.frames
        del self.frames[:-MOST_FRAMES]
        self.must_arrive |= later.must_arrive


class Courier(threading.Thread):
    """`carry` takes one message to Redis and never raises."""

    def __init__(self, carry: Callable[[Told], None]) -> None:
        super().__init__(name="batuta-courier", daemon=True)
        self._carry = carry
        self._waiting: Queue[Told] = Queue(MOST_WAITING)

    @property
    def is_idle(self) -> bool:
        """Whether all that was given is with Redis."""
        return not self._waiting.unfinished_tasks

    def give(self, told: Told) -> None:
        self._waiting.put(told)

    def run(self) -> None:
        be_deaf()
        while True:
            given = [self._waiting.get(), *self._rest()]
            for told in _by_group(given):
                self._carry(told)
            for _each in given:
                self._waiting.task_done()
            time.sleep(PAUSE_SECONDS)

    def _rest(self) -> list[Told]:
        rest = []
        while True:
            try:
                rest.append(self._waiting.get_nowait())
            except Empty:
                return rest

    def drain(self) -> None:
        """Let the last messages out before the process ends."""
        deadline = time.monotonic() + FAREWELL_SECONDS
        while not self.is_idle and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)


def _by_group(given: list[Told]) -> list[Told]:
    """One for each group, in the order in which the groups were first told of."""
    found: dict[str, Told] = {}
    for told in given:
        if told.group in found:
            found[told.group].take_in(told)
        else:
            found[told.group] = told
    return list(found.values())
