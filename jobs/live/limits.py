"""How much one socket, and one person, may ask of the server."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FRAME_MAX_BYTES = 16_384
SUBSCRIPTIONS_PER_SOCKET = 50
MALFORMED_IN_A_ROW = 10
FRAMES_PER_SECOND = 20.0
FRAMES_AT_ONCE = 40.0
SOCKETS_PER_PERSON = 20
"""In each web process, which know nothing of each other's sockets."""

HANDSHAKE_SECONDS = 10.0
"""How long the database may take to say who opens a socket."""

IDLE_SECONDS = 1_800.0
"""A socket on which neither side has said anything for so long is closed."""

_seats: Counter[Any] = Counter()


@contextmanager
def seat(person: Any) -> Iterator[bool]:
    """Take one of this person's sockets for as long as the block runs; whether one was left."""
    if _seats[person] >= SOCKETS_PER_PERSON:
        yield False
        return
    _seats[person] += 1
    try:
        yield True
    finally:
        _seats[person] -= 1
        if not _seats[person]:
            del _seats[person]


class Bucket:
    """Allows `FRAMES_AT_ONCE`, and `FRAMES_PER_SECOND` in the long run."""

    def __init__(self) -> None:
        self._tokens = FRAMES_AT_ONCE
        self._at = time.monotonic()

    def take(self) -> bool:
        """Whether one more is allowed now."""
        now = time.monotonic()
        gained = (now - self._at) * FRAMES_PER_SECOND
        self._tokens, self._at = min(FRAMES_AT_ONCE, self._tokens + gained), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
