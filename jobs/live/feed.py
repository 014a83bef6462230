"""A feed at work: what changed in a topic, for one socket, together and not too often."""

import asyncio

from jobs.permissions import Person

from .commands import Subscribe
from .company import Findings
from .desk import desk_of
from .groups import NEWS
from .messages import Message, encode, feed, resync
from .outbox import Outbox
from .sight import keys_of_reader
from .threads import in_thread

FEED_SECONDS = 0.25
"""Least time between two messages of one feed to one socket."""

COUNT_SECONDS = 1.0
"""The same where the second would only say how many changed that it does not list: thousands
of sockets hear that all the time, and a page does not count more often."""

MOST_LISTED = 100
"""More that changed at once are counted only."""

MOST_KEPT = 1_000
"""While it waits, so many are kept by id; of more, the number of changes."""


class Feed:
    """One topic of one socket, from subscribe to unsubscribe.

    It holds the keys of what its person may see, so that it hears of nothing else.
    """

    def __init__(self, topic: str, outbox: Outbox) -> None:
        self.topic = topic
        self.has_begun = False
        self._has_ended = False
        self._outbox = outbox
        self._desk = desk_of(NEWS)
        self._keys: frozenset[str] = frozenset()
        self._only: frozenset[str] | None = None
        self._changed: dict[str, Message] = {}
        self._others: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._beyond = 0
        self._is_in_line = False
        self._timer: asyncio.TimerHandle | None = None
        self._said_at = -COUNT_SECONDS
        self._loop = asyncio.get_running_loop()

    async def begin(self, person: Person, wish: Subscribe) -> bool:
        """Tell the client of every change from now on; False when the topic is not for it."""
        self._only = None if wish.only is None else frozenset(wish.only)
        self.has_begun = await self._hold(await in_thread(keys_of_reader, self.topic, person))
        return self.has_begun

    async def end(self) -> None:
        """Nothing more is told."""
        self._has_ended = True
        self._taken()
        keys, self._keys = self._keys, frozenset()
        await self._desk.leave(self, keys)

    async def look_again(self, person: Person, findings: Findings) -> bool:
        """Hear what `person` may see by now; False when that is nothing. A reader who sees
        more or less than before does well to draw its page anew."""
        before = self._keys
        sees = await self._hold(findings.keys[self.topic])
        if sees and self._keys != before:
            self._outbox.put(encode(resync()))
        return sees

    async def is_there(self) -> bool:
        return True

    async def _hold(self, keys: frozenset[str]) -> bool:
        """From now on hear by these; whether they are any."""
        if self._has_ended:
            return False
        before, self._keys = self._keys, keys
        await self._desk.leave(self, before - keys)
        if keys:
            await self._desk.join(self, keys - before)
        return bool(keys)

    # --- What is heard ---------------------------------------------------------------------

    def hear(self, messages: list[Message]) -> None:
        """Hundreds of times a second for each open page: what it does not show is counted
        and looked at no further."""
        only = self._only
        numbers = {said["id"]: said["count"] for said in messages if "count" in said}
        if numbers:
            self._numbers |= numbers
            messages = [said for said in messages if "count" not in said]
        listed = messages if only is None else [said for said in messages if said["id"] in only]
        for said in listed:
            self._note(said)
        if len(listed) < len(messages):
            self._count([said["id"] for said in messages])
        if not self._is_in_line:
            self._queue_up()

    def _note(self, change: Message) -> None:
        pk = change["id"]
        known = self._changed.get(pk)
        if known is None and self._only is None and len(self._changed) >= MOST_KEPT:
            self._count([pk])
        elif known is None or known.get("seq", 0) <= change.get("seq", 0):
            self._changed[pk] = change

    def _count(self, ids: list[str]) -> None:
        if len(self._others) < MOST_KEPT:
            self._others.update(ids)
        else:
            self._beyond += len(ids)

    def _queue_up(self) -> None:
        """Be put in line when it is time; sooner, if by now there is something to list."""
        due = self._said_at + (FEED_SECONDS if self._changed else COUNT_SECONDS)
        if self._timer and self._timer.when() <= due:
            return
        if self._timer:
            self._timer.cancel()
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._get_in_line)
        else:
            self._get_in_line()

    def _get_in_line(self) -> None:
        self._timer, self._is_in_line = None, True
        self._outbox.put_source(self)

    def latest(self) -> str | None:
        """What changed since the last message; None when it is nothing any more."""
        self._is_in_line = False
        changed, others = self._taken()
        if not changed and not others:
            return None
        self._said_at = self._loop.time()
        listed = self._listed(changed)
        return encode(feed(self.topic, listed, others + len(changed) - len(listed)))

    def _taken(self) -> tuple[dict[str, Message], int]:
        """What waits to be said; then nothing does."""
        changed, others = self._changed, self._others
        beyond = self._beyond + sum(self._numbers.values())
        self._changed, self._others, self._numbers, self._beyond = {}, set(), {}, 0
        return changed, len(others - changed.keys()) + beyond

    def _listed(self, changed: dict[str, Message]) -> list[Message]:
        is_few = self._only is not None or len(changed) <= MOST_LISTED
        return list(changed.values()) if is_few else []
