"""Moments as people type them: `2d`, `90m`, `yesterday`, `2026-08-22`, `2026-08-22T14:00`."""

import re
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from jobs.scheduling.when import EARLIEST, LATEST

_SPAN = re.compile(r"(\d{1,6})(s|m|min|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAYS = {"today": 0, "yesterday": 1}


def moment(text: str, *, is_end: bool = False) -> datetime:
    """So long ago, or the moment that is written; of a day its first one, with `is_end`
    the first one after it. In the time zone of the site where none is given. Raises
    ValueError for what is none, or not between 1970 and 9000."""
    try:
        found = _found(text.strip().lower(), is_end)
        if EARLIEST <= found <= LATEST:
            return found
    except OverflowError as error:
        raise ValueError(text) from error
    raise ValueError(text)


def _found(text: str, is_end: bool) -> datetime:
    if span := _SPAN.fullmatch(text):
        return timezone.now() - timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
    if text in _DAYS:
        return _first_of(timezone.localdate() - timedelta(days=_DAYS[text]), is_end)
    if len(text) == len("2026-08-22"):
        return _first_of(date.fromisoformat(text), is_end)
    written = datetime.fromisoformat(text.upper())
    return written if written.tzinfo else timezone.make_aware(written)


def _first_of(day: date, is_end: bool) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=is_end), time.min))
