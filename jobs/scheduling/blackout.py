"""When a schedule is not to run: dates, stretches of time, hours of each day.

Kept as a list in JSON, read on the clock of the schedule's zone:

    {"date": "2026-12-25"}
    {"from": "2026-12-24T18:00", "until": "2026-12-27T06:00"}
    {"from": "22:00", "until": "06:00", "weekdays": [1, 2, 3, 4, 5]}

Weekdays are those of cron (0 is Sunday) on which the hours begin; without them each day.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django.utils.translation import gettext as _

from .times import DAY, Impossible

Covers = Callable[[datetime], bool]


class Blackout:
    """Raises Impossible for what cannot be read."""

    def __init__(self, windows: Any, zone: tzinfo) -> None:
        self.zone = zone
        if not isinstance(windows, list):
            raise Impossible(_("The times when it is not to run must be a list."))
        self._windows = [_window(window) for window in windows]

    def covers(self, moment: datetime) -> bool:
        """Whether nothing is to run at this moment."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        return any(covers(wall) for covers in self._windows)


def _window(window: Any) -> Covers:
    try:
        if "date" in window:
            return _whole_day(date.fromisoformat(window["date"]))
        if "T" in window["from"]:
            begin, end = map(datetime.fromisoformat, (window["from"], window["until"]))
            return _between(begin, end)
        return _hours(window)
    except (TypeError, ValueError, KeyError, AttributeError):
        problem = _("A time when it is not to run cannot be read: %(window)s")
        raise Impossible(problem % {"window": window}) from None


def _between(begin: datetime, end: datetime) -> Covers:
    if begin.tzinfo or end.tzinfo:
        raise ValueError("it is read on the schedule's own clock")
    return lambda wall: begin <= wall < end


def _whole_day(day: date) -> Covers:
    return lambda wall: wall.date() == day


def _hours(window: Mapping[str, Any]) -> Covers:
    begin, end = map(time.fromisoformat, (window["from"], window["until"]))
    if begin.tzinfo or end.tzinfo:
        raise ValueError("it is read on the schedule's own clock")
    weekdays = {int(number) % 7 for number in window.get("weekdays", range(7))}
    length = datetime.combine(date.min, end) - datetime.combine(date.min, begin)
    if length <= timedelta():
        length += DAY  # past midnight

    def covers(wall: datetime) -> bool:
        days = (wall.date(), wall.date() - DAY)
        begins = (datetime.combine(day, begin) for day in days if _weekday(day) in weekdays)
        return any(start <= wall < start + length for start in begins)

    return covers


def _weekday(day: date) -> int:
    return day.isoweekday() % 7
