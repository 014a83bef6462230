"""How far a job is, as numbers people can use: percent, rate, time left. Pure."""

import math
from dataclasses import dataclass
from typing import Any

# Weight of the newest speed in the running mean; the rest is memory.
SMOOTHING = 0.3
# Speeds are measured over at least this time, else one quick item would rule them.
RATE_WINDOW_SECONDS = 0.5


@dataclass
class Pace:
    """The speed of one attempt in items per second, smoothed."""

    rate: float | None = None
    _count: float = 0.0
    _at: float | None = None

    def measure(self, count: float, now: float) -> None:
        """Take note that `count` items were done at `now` (monotonic seconds)."""
        if self._at is None or count < self._count:
            self._count, self._at, self.rate = count, now, None
            return
        passed = now - self._at
        if passed < RATE_WINDOW_SECONDS:
            return
        speed = (count - self._count) / passed
        self.rate = (
            speed if self.rate is None else SMOOTHING * speed + (1 - SMOOTHING) * self.rate
        )
        self._count, self._at = count, now


def number(value: Any) -> float | int | None:
    """A finite number, or None for whatever else somebody reported."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def percent(current: float | None, total: float | None) -> float | None:
    """0–100, one decimal; None when the total is unknown."""
    if current is None or not total or total < 0:
        return None
    return round(min(100.0, max(0.0, 100.0 * current / total)), 1)


def seconds_left(
    current: float | None, total: float | None, rate: float | None
) -> float | None:
    """Estimated seconds to the end; None when it cannot be told."""
    if current is None or total is None or not rate or total < current:
        return None
    seconds = (total - current) / rate
    return round(seconds, 1) if math.isfinite(seconds) else None
