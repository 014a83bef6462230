"""When the clock of a zone is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from django.utils.translation import gettext as _

from .times import DAY

_SECOND, _HOUR = timedelta(seconds=1), timedelta(hours=1)
_NONE = timedelta()


@dataclass(frozen=True)
class Change:
    at: datetime
    """The first moment that the new offset holds for."""
    before: timedelta
    after: timedelta

    @property
    def leap(self) -> timedelta:
        """How far the clock is put forward; less than nothing when it is put back."""
        return self.after - self.before

    @property
    def settled_at(self) -> datetime:
        """From then on no time comes that was leapt over."""
        return self.at + max(self.leap, _NONE)

    @property
    def begins_at(self) -> datetime:
        """The first moment that shows a time which is shown again."""
        return self.at + min(self.leap, _NONE)

    def leapt_over(self, moment: datetime) -> datetime | None:
        """What the clock would show at this moment, had it not leapt over just that."""
        if not self.at <= moment < self.settled_at:
            return None
        return (moment.astimezone(UTC) + self.before).replace(tzinfo=None)

    def repeats(self, moment: datetime) -> bool:
        """Whether the clock shows twice what it shows then."""
        return self.begins_at <= moment < self.at - min(self.leap, _NONE)

    @property
    def words(self) -> str:
        old, new = ((self.at + offset).strftime("%H:%M") for offset in self._offsets)
        return _("The clock goes from %(old)s to %(new)s") % {"old": old, "new": new}

    @property
    def in_utc(self) -> str:
        """What it means for who goes by the clock."""
        if self.leap > _NONE:
            return _("from here on %(span)s earlier in UTC") % {"span": self._span}
        return _("from here on %(span)s later in UTC") % {"span": self._span}

    @property
    def on_the_clock(self) -> str:
        """What it means for who does not."""
        if self.leap > _NONE:
            return _("from here on %(span)s later on this clock") % {"span": self._span}
        return _("from here on %(span)s earlier on this clock") % {"span": self._span}

    @property
    def _offsets(self) -> tuple[timedelta, timedelta]:
        return self.before, self.after

    @property
    def _span(self) -> str:
        minutes = int(abs(self.leap).total_seconds() // 60)
        return f"{minutes} min" if minutes % 60 else f"{minutes // 60} h"


def changes_of(zone: tzinfo, since: datetime, until: datetime) -> list[Change]:
    """Those between two moments. A zone that changes twice within a day shows as it is at
    the ends of that day."""
    return list(_changes(zone, since, until))


def _changes(zone: tzinfo, since: datetime, until: datetime) -> Iterator[Change]:
    first = since.replace(microsecond=0)  # clocks are changed at whole seconds
    days = (first + n * DAY for n in range((until - since) // DAY + 2))
    for begin, end in pairwise(days):
        before, after = _offset(zone, begin), _offset(zone, end)
        if before != after:
            yield Change(_first_with(zone, after, begin, end), before, after)


def _first_with(zone: tzinfo, offset: timedelta, begin: datetime, end: datetime) -> datetime:
    while end - begin > _SECOND:
        middle = begin + ((end - begin) // 2 // _SECOND) * _SECOND
        if _offset(zone, middle) == offset:
            end = middle
        else:
            begin = middle
    return end


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or _NONE
