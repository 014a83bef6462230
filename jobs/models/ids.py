"""Ids of jobs. Ours are UUIDv7 as text, so that the newest job has the greatest id
(RFC 9562); callers may bring their own."""

import os
import time
import uuid

LONGEST = 255


def is_id(text: str) -> bool:
    """Whether a caller's own id can be kept and shown: no control characters, no lone
    surrogates, not endless."""
    return 0 < len(text) <= LONGEST and text.isprintable()


def new_id() -> str:
    """A fresh UUIDv7: 48 bits of milliseconds, then random."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
