"""How many in how long: "10/m" is ten in a minute."""

import math
import re
from dataclasses import dataclass

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*([smhd])\s*")
MOST_PER_SECOND = 1_000
LONGEST_SECONDS = 366 * 86_400
"""From one to the next: what is slower would be due at no date that there is."""


@dataclass(frozen=True)
class Rate:
    """So many in so many seconds, evenly spread."""

    count: float
    seconds: float

    @property
    def interval(self) -> float:
        """Seconds from one to the next."""
        return self.seconds / self.count


def rate_of(written: str) -> Rate:
    """Raises ValueError for anything but a number, a slash and one of s, m, h, d."""
    match = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
    if match is None or not 0 < float(match[1]) < math.inf:
        raise ValueError(f'a rate is like "10/m" (s, m, h or d), not {written!r}')
    rate = Rate(float(match[1]), SECONDS[match[2]])
    if rate.count / rate.seconds > MOST_PER_SECOND:
        raise ValueError(f"a rate is at most {MOST_PER_SECOND}/s, not {written!r}")
    if rate.interval > LONGEST_SECONDS:
        raise ValueError(f"a rate is at least one in a year, not {written!r}")
    return rate
