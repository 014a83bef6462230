"""How much one socket may ask of the server."""

import time

FRAME_MAX_BYTES = 16_384
SUBSCRIPTIONS_PER_SOCKET = 50
MALFORMED_IN_A_ROW = 10
FRAMES_PER_SECOND = 20.0
FRAMES_AT_ONCE = 40.0


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
