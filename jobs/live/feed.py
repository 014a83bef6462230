"""A feed at work: what changed in a topic, for one socket, together and not too often."""

import asyncio

from jobs.permissions import Person

from .commands import Subscribe
from .desk import desk_of
from .groups import NEWS
from .messages import Message, encode, feed, resync
from .outbox import Outbox
from .reading import Standing
from .sight import keys_of_reader
from .threads import in_thread

FEED_SECONDS = 0.25
"""Least time between two messages of one feed to one socket."""

MOST_LISTED = 100
"""More that changed at once are counted only."""

MOST_KEPT = 1_000
"""While a slow reader is waited for, so many are kept by id; of more, the number."""


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
        self._others = 0
        self._is_in_line = False
        self._not_before = 0.0

    async def begin(self, person: Person, wish: Subscribe) -> bool:
        """Tell the client of every change from now on; False when the topic is not for it."""
        self._only = None if wish.only is None else frozenset(wish.only)
        self.has_begun = await self._see(person)
        return self.has_begun

    async def end(self) -> None:
        """Nothing more is told."""
        self._has_ended = True
        self._changed, self._others = {}, 0
        keys, self._keys = self._keys, frozenset()
        await self._desk.leave(self, keys)

    async def look_again(self, person: Person, standings: dict[str, Standing]) -> bool:
        """Hear what `person` may see by now; False when that is nothing. A reader who sees
        more or less than before does well to draw its page anew."""
        before = self._keys
        sees = await self._see(person)
        if sees and self._keys != before:
            self._outbox.put(encode(resync()))
        return sees

    async def is_there(self) -> bool:
        return True

    async def _see(self, person: Person) -> bool:
        keys = await in_thread(keys_of_reader, self.topic, person)
        if self._has_ended:
            return False
        before, self._keys = self._keys, keys
        await self._desk.leave(self, before - keys)
        if keys:
            await self._desk.join(self, keys - before)
        return bool(keys)

    # --- What is heard ---------------------------------------------------------------------

    def hear(self, messages: list[Message]) -> None:
        for message in messages:
            self._note(message)
        if not self._is_in_line:
            self._queue_up()

    def _note(self, change: Message) -> None:
        pk = change["id"]
        known = self._changed.get(pk)
        if known is None and len(self._changed) >= MOST_KEPT and not self._is_asked_for(pk):
            self._others += 1
        elif known is None or known.get("seq", 0) <= change.get("seq", 0):
            self._changed[pk] = change

    def _is_asked_for(self, pk: str) -> bool:
        return self._only is not None and pk in self._only

    def _queue_up(self) -> None:
        self._is_in_line = True
        loop = asyncio.get_running_loop()
        if self._not_before > loop.time():
            loop.call_at(self._not_before, self._outbox.put_source, self)
        else:
            self._outbox.put_source(self)

    def latest(self) -> str | None:
        """What changed since the last message; None when it is nothing any more."""
        self._is_in_line = False
        changed, self._changed = self._changed, {}
        others, self._others = self._others, 0
        if not changed:
            return None
        self._not_before = asyncio.get_running_loop().time() + FEED_SECONDS
        listed = self._listed(changed)
        return encode(feed(self.topic, listed, others + len(changed) - len(listed)))

    def _listed(self, changed: dict[str, Message]) -> list[Message]:
        if self._only is not None:
            return [changed[pk] for pk in self._only & changed.keys()]
        return list(changed.values()) if len(changed) <= MOST_LISTED else []
