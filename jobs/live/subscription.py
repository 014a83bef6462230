"""One socket watching one job: what it has been told, and what it is told next.

Three orders keep it free of gaps and repeats: `seq` (the row's version) for states,
`(attempt, n)` for progress, line numbers for the log.
"""

import asyncio
from collections import deque

from jobs.states import ACTIVE

from .log_order import LogOrder, LogPosition
from .messages import Message, encode
from .outbox import Outbox

PROGRESS_SECONDS = 0.1
"""Least time between two progress messages of one job to one socket."""

MOST_EARLY = 200
"""Messages kept while the row is read; there are about twenty a second."""


class JobSubscription:
    """Hears the group of one job from the start, tells its client from `begin` on."""

    def __init__(self, outbox: Outbox) -> None:
        self.seq = -1
        self.log = LogOrder(outbox)
        self._outbox = outbox
        self._early: deque[Message] | None = deque(maxlen=MOST_EARLY)
        self._attempt = 0
        self._status = ""
        self._step = (0, 0)
        self._progress: Message | None = None
        self._is_in_line = False
        self._not_before = 0.0
        self._has_ended = False

    # --- What was read from the row --------------------------------------------------------

    def tell_snapshot(self, message: Message) -> None:
        """The whole job, unless the client was told something newer meanwhile."""
        if message["seq"] > self.seq:
            self.assume(message, (message["attempt"], message["n"]))
            self._outbox.put(encode(message))

    def assume(self, snapshot: Message, step: tuple[int, int]) -> None:
        """The client knows the job as of this snapshot, and its progress up to `step`."""
        self.seq, self._status = snapshot["seq"], snapshot["status"]
        self._attempt = max(self._attempt, snapshot["attempt"])
        self._step = max(self._step, step)

    def lacks(self, seq: int, step: tuple[int, int]) -> bool:
        """Whether the row, at this version and progress, is ahead of what was told."""
        return seq > self.seq or step > self._step

    def tell_progress(self, message: Message) -> None:
        """The progress that the row holds, if the client has not seen it."""
        self._take_progress(message)

    def tell_stored_lines(self, message: Message) -> None:
        """Lines that were read from the rows."""
        self.log.take_stored(message | {"seq": self.seq})

    def begin(self, position: LogPosition, last_line: int) -> None:
        """From now on tell what is heard, beginning with what was heard already."""
        early, self._early = self._early or deque(), None
        self.log.begin(position, last_line)
        self.hear(list(early))

    def end(self) -> None:
        """Tell nothing more."""
        self._has_ended = True
        self._progress = None

    # --- What is heard ---------------------------------------------------------------------

    def hear(self, messages: list[Message]) -> None:
        """Take what a process said about the job; before `begin`, keep it for later."""
        if self._has_ended:
            return
        if self._early is not None:
            self._early.extend(messages)
            return
        for message in messages:
            self._take[message["type"]](self, message)

    def _take_state(self, message: Message) -> None:
        if message["seq"] <= self.seq:
            return
        self._hurry_progress()  # a new state must not overtake the progress that led to it
        self.seq, self._status = message["seq"], message["status"]
        self._attempt = max(self._attempt, message["attempt"])
        self._outbox.put(encode(message))

    def _take_log(self, message: Message) -> None:
        self.log.take(message | {"seq": self.seq})

    # --- Progress: the latest wins -----------------------------------------------------------

    def _take_progress(self, message: Message) -> None:
        step = (message["attempt"], message["n"])
        if step <= self._step or message["attempt"] < self._attempt:
            return
        self._step = step
        if message["attempt"] == self._attempt and self._status not in ACTIVE:
            # The last word of an attempt whose end was faster.
            message = message | {"status": self._status, "seq": self.seq}
        self._progress = message
        self._queue_up()

    def _queue_up(self) -> None:
        if self._is_in_line:
            return
        self._is_in_line = True
        loop = asyncio.get_running_loop()
        if (wait := self._not_before - loop.time()) > 0:
            loop.call_later(wait, self._outbox.put_source, self)
        else:
            self._outbox.put_source(self)

    def latest(self) -> str | None:
        """The progress to send now; None when it went ahead of its turn."""
        self._is_in_line = False
        return self._spoken_progress()

    def _hurry_progress(self) -> None:
        text = self._spoken_progress()
        if text is not None:
            self._outbox.put(text)

    def _spoken_progress(self) -> str | None:
        message, self._progress = self._progress, None
        if message is None:
            return None
        self._not_before = asyncio.get_running_loop().time() + PROGRESS_SECONDS
        return encode(message)

    _take = {"state": _take_state, "progress": _take_progress, "log": _take_log}
