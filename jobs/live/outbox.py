"""What is on its way to one socket: bounded, in order, and never without its last word.

Progress takes no place of its own: a source is put in line, and asked for its latest when
its turn comes. So a slow reader gets fewer steps, and the last one always.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

MOST_MESSAGES = 1_000
MOST_CHARS = 1_000_000
"""How much may wait for a slow reader; one message may be larger when it is alone."""

COMFORTABLE_MESSAGES = 100
COMFORTABLE_CHARS = 250_000
"""Below this, more may be fetched from the database for this reader."""


class Source(Protocol):
    """Has something to say when its turn comes; None when it does not any more."""

    def latest(self) -> str | None: ...


Send: TypeAlias = Callable[[str], Awaitable[None]]


class Outbox:
    """Put in from the event loop's thread; one `deliver` takes out."""

    def __init__(self) -> None:
        self._waiting: deque[str | Source] = deque()
        self._chars = 0
        self._something = asyncio.Event()
        self._comfortable = asyncio.Event()
        self._comfortable.set()
        self._overflown = asyncio.Event()

    def put(self, text: str) -> None:
        """Add a message. One too many, and the reader is given up: nothing more is kept."""
        if self._overflown.is_set():
            return
        if self._waiting and not self._has_room_for(text):
            self._waiting.clear()
            self._overflown.set()
            return
        self._waiting.append(text)
        self._chars += len(text)
        self._something.set()
        self._weigh()

    def put_source(self, source: Source) -> None:
        """Let `source` speak when all before it has been sent."""
        self._waiting.append(source)
        self._something.set()

    @property
    def is_comfortable(self) -> bool:
        """Whether the reader keeps up."""
        return self._comfortable.is_set()

    async def comfort(self) -> None:
        """Wait until the reader has caught up."""
        await self._comfortable.wait()

    async def overflow(self) -> None:
        """Wait until the reader is given up."""
        await self._overflown.wait()

    async def deliver(self, send: Send) -> None:
        """Send what comes, for ever. Cancelled while sending, it keeps what was not sent."""
        while True:
            await self._something.wait()
            await self.empty(send)
            self._something.clear()

    async def empty(self, send: Send) -> None:
        """Send what is waiting."""
        while self._waiting:
            text = self._first()
            if text is not None:
                await send(text)
            if self._waiting:
                self._waiting.popleft()
                self._chars -= len(text or "")
            self._weigh()

    def _first(self) -> str | None:
        first = self._waiting[0]
        if isinstance(first, str):
            return first
        text = first.latest()
        if text is not None:
            self._waiting[0] = text
            self._chars += len(text)
        return text

    def _has_room_for(self, text: str) -> bool:
        return len(self._waiting) < MOST_MESSAGES and self._chars + len(text) <= MOST_CHARS

    def _weigh(self) -> None:
        few = len(self._waiting) < COMFORTABLE_MESSAGES and self._chars < COMFORTABLE_CHARS
        self._comfortable.set() if few else self._comfortable.clear()
