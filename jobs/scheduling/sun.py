"""The moments at which the sun does something at a place. Near the poles they can be months
apart: to find one there is a search through hundreds of days, and takes a second."""

from bisect import bisect_right, insort
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock

from celery.schedules import solar

MOST_KEPT = 1_000
"""Moments that are remembered of one event and place."""


@dataclass(frozen=True)
class Sun:
    """When the sun does something at a place."""

    event: str
    latitude: float
    longitude: float

    def after(self, moment: datetime) -> datetime | None:
        """The first moment later than this one, in UTC; None where none is within a year."""
        searches = _searches(self)
        known = searches.covering(moment)
        if known is None and (known := _search(self, moment)) is not None:
            searches.keep(moment, known)
        return known

    def count(self, since: datetime, until: datetime) -> int:
        """How many moments are later than `since` and not later than `until`."""
        found, at = 0, self.after(since)
        while at is not None and at <= until:
            found, at = found + 1, self.after(at)
        return found


class _Searches:
    """From where was searched, and what was found there: between the two there is nothing."""

    def __init__(self) -> None:
        self._found: list[tuple[datetime, datetime]] = []
        self._lock = Lock()

    def covering(self, moment: datetime) -> datetime | None:
        with self._lock:
            place = bisect_right(self._found, moment, key=lambda each: each[0]) - 1
            since, found = self._found[place] if place >= 0 else (moment, moment)
        return found if since <= moment < found else None

    def keep(self, moment: datetime, found: datetime) -> None:
        with self._lock:
            if len(self._found) >= MOST_KEPT:
                self._found.clear()
            insort(self._found, (moment, found))


@lru_cache(maxsize=256)
def _searches(sun: Sun) -> _Searches:
    return _Searches()


@lru_cache(maxsize=4096)
def _search(sun: Sun, moment: datetime) -> datetime | None:
    sky = solar(sun.event, sun.latitude, sun.longitude, nowfun=lambda: moment)
    wait = sky.remaining_estimate(moment)
    # A day on which it did not happen is looked at again by Celery, as if it had.
    return moment + wait if wait < timedelta(days=sky.max_search_days) else None
