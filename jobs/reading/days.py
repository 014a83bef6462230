"""The days that a calendar shows: one, a week, or a month in whole weeks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from jobs.scheduling.clocks import Change, changes_of
from jobs.scheduling.when import EARLIEST, LATEST

DAY, WEEK = timedelta(days=1), timedelta(days=7)
VIEWS = ("day", "week", "month")


class NoSuchDays(ValueError):
    """What the address asks for is no span of days; says so in words."""


@dataclass(frozen=True)
class Days:
    view: str
    day: date
    """The one that was asked for; the others lie around it."""
    zone: tzinfo

    @cached_property
    def first(self) -> date:
        if self.view == "day":
            return self.day
        day = self.day.replace(day=1) if self.view == "month" else self.day
        return day - day.weekday() * DAY

    @cached_property
    def dates(self) -> list[date]:
        if self.view == "month":
            weeks = (self._month_after - self.first + 6 * DAY) // WEEK
            return [self.first + n * DAY for n in range(7 * weeks)]
        return [self.first + n * DAY for n in range(1 if self.view == "day" else 7)]

    @property
    def begin(self) -> datetime:
        return self.midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after them."""
        return self.midnight(self.dates[-1] + DAY)

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def has(self, day: date) -> bool:
        """Whether it is one of those that were asked for: a month is shown in whole weeks."""
        return self.view != "month" or (day.year, day.month) == (self.day.year, self.day.month)

    @property
    def before(self) -> date:
        return self.day.replace(day=1) - DAY if self.view == "month" else self.first - DAY

    @property
    def after(self) -> date:
        return self._month_after if self.view == "month" else self.dates[-1] + DAY

    @property
    def title(self) -> str:
        if self.view == "month":
            return date_format(self.day, "YEAR_MONTH_FORMAT")
        if self.view == "day":
            return date_format(self.day, "l") + ", " + date_format(self.day)
        last = self.dates[-1]
        edges = {"first": self.first, "last": last}
        told = {name: date_format(day, "MONTH_DAY_FORMAT") for name, day in edges.items()}
        return _("%(first)s to %(last)s, %(year)s") % (told | {"year": str(last.year)})

    @cached_property
    def changes(self) -> list[Change]:
        """Of the clock."""
        return [
            change
            for change in changes_of(self.zone, self.begin, self.end)
            if self.begin <= change.at < self.end
        ]

    @property
    def _month_after(self) -> date:
        return (self.day.replace(day=1) + 31 * DAY).replace(day=1)


def days(view: str, text: str) -> Days:
    """What an address asks for, on the reader's clock; of what it leaves out, this week.
    Raises NoSuchDays."""
    if view not in ("", *VIEWS):
        raise NoSuchDays(_("A calendar shows a day, a week or a month."))
    try:
        day = date.fromisoformat(text) if text else timezone.localdate()
    except ValueError:
        raise NoSuchDays(_("There is no such day. Write it as 2026-08-22.")) from None
    if not EARLIEST.date() + 31 * DAY < day < LATEST.date() - 31 * DAY:
        raise NoSuchDays(_("The calendar goes from 1970 to 9000."))
    return Days(view or "week", day, timezone.get_current_timezone())
