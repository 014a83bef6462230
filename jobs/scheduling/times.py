"""The moments of a schedule: cron, interval, sun, or one moment only.

All moments are in UTC; a cron line is read on the clock of its own zone. What happens when
that clock is changed is one rule:

* A time that the clock leaps over comes as much later as the clock leapt: 02:30 at 03:30, the
  moment it would have been without the change. Where that is a time of the schedule anyway,
  it comes once.
* A time that the clock shows twice comes the first time only, except for a schedule of every
  hour: that goes on through both, so that no hour of the long day is without its turn.

(Celery's own crontab skips the repeated hour, and compares wall clocks across the change.)
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property, lru_cache
from itertools import islice, takewhile
from typing import Protocol, TypeAlias

from celery.schedules import ParseException, crontab_parser
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from .sun import Sun

DAY = timedelta(days=1)
HORIZON_YEARS = 40
"""Within so many years each day of a month falls on each day of the week, in leap years too."""

_SOME_DAY = date(2000, 1, 1)

Numbers: TypeAlias = tuple[int, ...]


class Impossible(ValueError):
    """What the row says can never come, or cannot be read; says why in words.

    `field` is that of the row in which it stands, where it is one.
    """

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


class Times(Protocol):
    def after(self, moment: datetime) -> datetime | None:
        """The first moment later than this one, in UTC; None where none is left."""

    def count(self, since: datetime, until: datetime) -> int:
        """How many moments are later than `since` and not later than `until`."""


def following(times: Times, moment: datetime) -> Iterator[datetime]:
    """All moments later than this one, in order; endless for most schedules."""
    while (found := times.after(moment)) is not None:
        yield found
        moment = found


@dataclass(frozen=True)
class Once:
    """One moment."""

    at: datetime

    def after(self, moment: datetime) -> datetime | None:
        return self.at if self.at > moment else None

    def count(self, since: datetime, until: datetime) -> int:
        return int(since < self.at <= until)


@dataclass(frozen=True)
class Every:
    """At equal steps from `anchor` on, whatever the clocks do."""

    length: timedelta
    anchor: datetime

    def after(self, moment: datetime) -> datetime | None:
        steps = max((moment - self.anchor) // self.length + 1, 0)
        try:
            return self.anchor + steps * self.length
        except OverflowError:
            return None

    def count(self, since: datetime, until: datetime) -> int:
        begin, end = (
            max((moment - self.anchor) // self.length + 1, 0) for moment in (since, until)
        )
        return max(end - begin, 0)


@dataclass(frozen=True)
class Cron:
    """The times of a cron line. The day of the month AND the day of the week must be right,
    as in Celery; Unix's cron takes either."""

    minutes: Numbers
    hours: Numbers
    days: Numbers
    months: Numbers
    weekdays: Numbers
    zone: tzinfo

    def after(self, moment: datetime) -> datetime | None:
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        for day in self._days(wall.date() - DAY):
            if _has_one_offset(self.zone, day):
                found = self._after_on_plain_day(day, wall)
            else:
                found = self._after_on_odd_day(day, moment)
            if found is not None:
                return found
        return None

    def count(self, since: datetime, until: datetime) -> int:
        """Day by day, and one by one only where the clock may be changed: a month of
        minutes costs hardly more than one of days."""
        begin, end = (
            edge.astimezone(self.zone).replace(tzinfo=None) for edge in (since, until)
        )
        single: set[datetime] = set()
        plain = 0
        for day in takewhile(lambda day: day <= end.date(), self._days(begin.date() - DAY)):
            if _has_one_offset(self.zone, day):
                plain += self._passed(day, end) - self._passed(day, begin)
            else:
                single |= {at for at in self._moments(day) if since < at <= until}
        return plain + len(single)

    def _passed(self, day: date, wall: datetime) -> int:
        """How many times of a plain day the clock has shown when it shows `wall`."""
        if day == wall.date():
            return bisect_right(self._clock, wall.time())
        return len(self._clock) if day < wall.date() else 0

    def says(self, wall: datetime) -> bool:
        """Whether this time of the clock is one of it."""
        return wall.time() in self._clock and wall.date() in self._days_of(
            wall.year, wall.month
        )

    def never_comes(self) -> bool:
        """Whether there is no such day in any year, as the 31st of February."""
        return next(self._days(_SOME_DAY), None) is None

    @cached_property
    def runs_every_hour(self) -> bool:
        return len(self.hours) == len(range(24))

    @cached_property
    def _clock(self) -> list[time]:
        return [time(hour, minute) for hour in self.hours for minute in self.minutes]

    def _after_on_plain_day(self, day: date, wall: datetime) -> datetime | None:
        if day < wall.date():
            return None
        index = bisect_right(self._clock, wall.time()) if day == wall.date() else 0
        if index == len(self._clock):
            return None
        return datetime.combine(day, self._clock[index], self.zone).astimezone(UTC)

    def _after_on_odd_day(self, day: date, moment: datetime) -> datetime | None:
        moments = _moments_from(self, day)
        index = bisect_right(moments, moment)
        return moments[index] if index < len(moments) else None

    def moments_from(self, day: date) -> list[datetime]:
        """With the day that follows: times leapt over late in the evening come there."""
        days = [day, *islice(self._days(day + DAY), 1)]
        return sorted({at for each in days if each <= day + DAY for at in self._moments(each)})

    def _moments(self, day: date) -> Iterator[datetime]:
        """Those of a day on which the clock may be changed."""
        for at in self._clock:
            first = datetime.combine(day, at, self.zone)
            again = first.replace(fold=1)
            # In a gap it is the other way round; there `first` counts on with the old offset.
            comes_twice = first.utcoffset() > again.utcoffset()  # type: ignore[operator]
            yield first.astimezone(UTC)
            if comes_twice and self.runs_every_hour:
                yield again.astimezone(UTC)

    def _days(self, first: date) -> Iterator[date]:
        """The days of the schedule from `first` on."""
        for year in range(first.year, min(first.year + HORIZON_YEARS, date.max.year)):
            for month in self.months:
                if (year, month) >= (first.year, first.month):
                    is_first = (year, month) == (first.year, first.month)
                    yield from self._days_of(year, month, first.day if is_first else 1)

    def _days_of(self, year: int, month: int, since: int = 1) -> Iterator[date]:
        for number in self.days[bisect_left(self.days, since) :]:
            try:
                day = date(year, month, number)
            except ValueError:
                return
            if day.isoweekday() % 7 in self.weekdays:
                yield day


@lru_cache(maxsize=256)
def _moments_from(line: Cron, day: date) -> list[datetime]:
    """Each moment of a minutely line is asked for: its day is worked out once."""
    return line.moments_from(day)


@lru_cache(maxsize=4096)
def _has_one_offset(zone: tzinfo, day: date) -> bool:
    """Whether the clock goes on evenly on this day, and on those beside it."""
    begin = datetime.combine(day - DAY, time(), zone)
    end = datetime.combine(day + 2 * DAY, time(), zone)
    return begin.utcoffset() == end.utcoffset()


# --- Reading rows ----------------------------------------------------------------------------


def times_of(entry: PeriodicTask, anchor: datetime) -> Times:
    """When a schedule comes, its bounds aside. An interval counts from its start, or else
    from `anchor`. Raises Impossible."""
    if (clocked := entry.clocked) is not None:
        return Once(clocked.clocked_time.astimezone(UTC))
    if (interval := entry.interval) is not None:
        return Every(
            interval_length(interval.every, interval.period), entry.start_time or anchor
        )
    if (solar := entry.solar) is not None:
        return Sun(solar.event, float(solar.latitude), float(solar.longitude))
    if (crontab := entry.crontab) is None:
        raise Impossible(_("It does not say when."))
    fields = (getattr(crontab, name) for name in CRON_FIELDS)
    return cron(*fields, zone=crontab.timezone)


SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=36_525)


def interval_length(every: int, period: str) -> timedelta:
    """The time between two moments of an interval. Raises Impossible."""
    try:
        length = timedelta(**{period: every})
    except (OverflowError, TypeError):
        length = timedelta.max
    if length < SHORTEST:
        raise Impossible(_("Give a second or more."), "every")
    if length > LONGEST:
        raise Impossible(_("Give less than a century."), "every")
    return length


CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
_BOUNDS = ((60, 0), (24, 0), (31, 1), (12, 1), (7, 0))


def cron(*fields: str, zone: tzinfo) -> Cron:
    """The times of a cron line's five fields, in the order of `CRON_FIELDS`. Raises
    Impossible for what cannot be read, and for a day that never comes."""
    minutes, hours, days, months, weekdays = _read(fields)
    times = Cron(minutes, hours, days, months, weekdays, zone)
    if times.never_comes():
        raise Impossible(_("This day never comes in these months."), "day_of_month")
    return times


@lru_cache(maxsize=4096)
def _read(fields: tuple[str, ...]) -> tuple[Numbers, ...]:
    return tuple(map(_numbers, fields, CRON_FIELDS, _BOUNDS))


def _numbers(text: str, field: str, bounds: tuple[int, int]) -> Numbers:
    try:
        return tuple(sorted(crontab_parser(*bounds).parse(text)))
    except (ParseException, ValueError, TypeError) as reason:
        raise Impossible(str(reason), field) from None
