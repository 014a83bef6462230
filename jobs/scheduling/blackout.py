"""When a schedule is not to run: dates, stretches of time, hours of each day.

Kept as a list in JSON, read on the clock of the schedule's zone:

    {"date": "2026-12-25"}
    {"from": "2026-12-24T18:00", "until": "2026-12-27T06:00"}
    {"from": "22:00", "until": "06:00", "weekdays": [1, 2, 3, 4, 5]}

Weekdays are those of cron (0 is Sunday) on which the hours begin; without them each day.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django.utils.translation import gettext as _

from .times import DAY, Impossible


class Blackout:
    """Raises Impossible for what cannot be read."""

    def __init__(self, windows: Any, zone: tzinfo) -> None:
        self.zone = zone
        if not isinstance(windows, list):
            raise Impossible(_("The times when it is not to run must be a list."))
        read = [_window(window) for window in windows]
        self._stretches = [window for window in read if isinstance(window, Stretch)]
        self._hours = [window for window in read if isinstance(window, Hours)]
        self._merged = _merged(self._stretches)

    def covers(self, moment: datetime) -> bool:
        """Whether nothing is to run at this moment."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        # Of stretches that do not touch, only the last one that has begun may cover it.
        begun = bisect_right(self._merged, wall, key=lambda stretch: stretch.begin)
        if begun and self._merged[begun - 1].covers(wall):
            return True
        return any(window.covers(wall) for window in self._hours)

    def stretches(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """Those with dates, as far as they lie between these; first the first. Hours of
        each day are not among them."""
        found = (
            (window.begin.replace(tzinfo=self.zone), window.end.replace(tzinfo=self.zone))
            for window in self._stretches
        )
        return sorted((b, e) for b, e in found if b < until and e > since)


@dataclass(frozen=True)
class Stretch:
    """From one moment on the clock to another."""

    begin: datetime
    end: datetime

    def covers(self, wall: datetime) -> bool:
        return self.begin <= wall < self.end


@dataclass(frozen=True)
class Hours:
    """On some days of each week."""

    begin: time
    length: timedelta
    weekdays: frozenset[int]

    def covers(self, wall: datetime) -> bool:
        days = (wall.date(), wall.date() - DAY)
        begins = (datetime.combine(d, self.begin) for d in days if _weekday(d) in self.weekdays)
        return any(start <= wall < start + self.length for start in begins)


def _merged(stretches: list[Stretch]) -> list[Stretch]:
    """The same times, in order, without any that touch another: several hundred dates are
    asked about for each of many moments."""
    found: list[Stretch] = []
    for each in sorted(stretches, key=lambda stretch: stretch.begin):
        if each.end <= each.begin:
            continue
        if found and each.begin <= found[-1].end:
            found[-1] = Stretch(found[-1].begin, max(found[-1].end, each.end))
        else:
            found.append(each)
    return found


def _window(window: Any) -> Stretch | Hours:
    try:
        if "date" in window:
            day = datetime.combine(date.fromisoformat(window["date"]), time())
            return Stretch(day, day + DAY)
        if "T" in window["from"]:
            return _stretch(window)
        return _hours(window)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        problem = _("A time when it is not to run cannot be read: %(window)s")
        raise Impossible(problem % {"window": window}) from None


def _stretch(window: Mapping[str, Any]) -> Stretch:
    begin, end = map(datetime.fromisoformat, (window["from"], window["until"]))
    if begin.tzinfo or end.tzinfo:
        raise ValueError("it is read on the schedule's own clock")
    return Stretch(begin, end)


def _hours(window: Mapping[str, Any]) -> Hours:
    begin, end = map(time.fromisoformat, (window["from"], window["until"]))
    if begin.tzinfo or end.tzinfo:
        raise ValueError("it is read on the schedule's own clock")
    weekdays = frozenset(int(number) % 7 for number in window.get("weekdays", range(7)))
    length = datetime.combine(date.min, end) - datetime.combine(date.min, begin)
    if length <= timedelta():
        length += DAY  # past midnight
    return Hours(begin, length, weekdays)


def _weekday(day: date) -> int:
    return day.isoweekday() % 7
