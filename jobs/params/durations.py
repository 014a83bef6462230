"""Durations as people write them: `90`, `1:30:00`, `2h 30m`, `P1DT2H`."""

import re
from datetime import timedelta

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "us": timedelta(microseconds=1),
}
_WORDS = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|us|w|d|h|m|s)[a-z]*\s*,?\s*", re.IGNORECASE)
_CLOCK = re.compile(r"^(\d+):([0-5]?\d)(?::([0-5]?\d(?:\.\d{1,6})?))?$")
# Longer ones mean nothing, and would cost time that grows with their square.
_LONGEST_TEXT = 60
_SECONDS = re.compile(r"^\d+(?:\.\d+)?$")


def read(text: str) -> timedelta | None:
    """The duration that `text` means; None when it is none of ours (ISO 8601 is left to
    pydantic). A bare number is seconds, `1:30` hours and minutes."""
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        return None
    negative, text = text.startswith("-"), text.removeprefix("-").strip()
    try:
        found = _read(text)
    except OverflowError:
        return None
    return -found if negative and found is not None else found


def written(duration: timedelta) -> str:
    """A duration as `read` takes it: `1d 2h 30m`, to the microsecond."""
    if duration < timedelta(0):
        return f"-{written(-duration)}"
    parts = []
    for name, unit in _UNITS.items():
        if name == "w":
            continue
        count, duration = divmod(duration, unit)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts) or "0"


def _read(text: str) -> timedelta | None:
    if _SECONDS.match(text):
        return timedelta(seconds=float(text))
    if clock := _CLOCK.match(text):
        return timedelta(
            hours=int(clock[1]), minutes=int(clock[2]), seconds=float(clock[3] or 0)
        )
    if _WORDS.sub("", text) or not text:
        return None
    return sum(
        (float(count) * _UNITS[unit.lower()] for count, unit in _WORDS.findall(text)),
        timedelta(),
    )
