"""Days and months to choose from above a long list. Django asks the database in which
years, months and days there are rows, and so reads all of them at each look."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

_MONTHS = 12
_YEARS = range(1970, 9000)
_PARTS = ("year", "month", "day")
_MOST_DIGITS = 4


class DatedList(ChangeList):
    """A list with a calendar above it, where its page names the column."""

    def get_filters(self, request: HttpRequest) -> Any:
        parts = [self.params.get(f"{self.date_hierarchy}__{part}", "") for part in _PARTS]
        told = [int(part) if _is_short(part) else -1 for part in parts if part]
        if min(told, default=0) < 0 or (parts[0] and told[0] not in _YEARS):
            raise IncorrectLookupParameters  # Django stumbles at the ends of the calendar
        return super().get_filters(request)

    @property
    def calendar(self) -> "Calendar | None":
        return Calendar(self, self.date_hierarchy) if self.date_hierarchy else None


@dataclass(frozen=True)
class Choice:
    title: str
    link: str
    is_chosen: bool = False


class Calendar:
    """What can be chosen by the moments of a column, from what is chosen now."""

    def __init__(self, rows: ChangeList, column: str) -> None:
        self.rows, self.column = rows, column
        self.year = self._chosen("year")
        self.month = self._chosen("month") if self.year else 0
        self.day = self._chosen("day") if self.month else 0

    @property
    def back(self) -> Choice | None:
        """A step up."""
        if self.day:
            return self._of_month(date(self.year, self.month, 1))
        return Choice(_("All dates"), self._link()) if self.year else None

    @property
    def choices(self) -> list[Choice]:
        if self.day:
            return self._around(date(self.year, self.month, self.day))
        if self.month:
            return self._days(date(self.year, self.month, 1))
        if self.year:
            return [self._of_month(date(self.year, month, 1)) for month in range(1, 13)]
        return self._lately(timezone.localdate())

    def _chosen(self, part: str) -> int:
        return int(self.rows.params.get(f"{self.column}__{part}") or 0)

    def _lately(self, today: date) -> list[Choice]:
        """The last two days and the last twelve months."""
        yesterday, month, months = today - timedelta(days=1), today.replace(day=1), []
        for _number in range(_MONTHS):
            months.append(self._of_month(month))
            month = (month - timedelta(days=1)).replace(day=1)
        days = [(today, _("Today")), (yesterday, _("Yesterday"))]
        return [*(Choice(title, self._day_link(day)) for day, title in days), *months]

    def _days(self, first: date) -> list[Choice]:
        days = (first + timedelta(days=number) for number in range(31))
        return [self._of_day(day) for day in days if day.month == first.month]

    def _around(self, day: date) -> list[Choice]:
        chosen = self._of_day(day)
        step = timedelta(days=1)
        return [
            self._of_day(day - step),
            Choice(chosen.title, chosen.link, is_chosen=True),
            self._of_day(day + step),
        ]

    def _of_month(self, day: date) -> Choice:
        title = capfirst(date_format(day, "YEAR_MONTH_FORMAT"))
        return Choice(title, self._link(year=day.year, month=day.month))

    def _of_day(self, day: date) -> Choice:
        return Choice(capfirst(date_format(day, "MONTH_DAY_FORMAT")), self._day_link(day))

    def _day_link(self, day: date) -> str:
        return self._link(year=day.year, month=day.month, day=day.day)

    def _link(self, **parts: int) -> str:
        chosen: Any = {f"{self.column}__{name}": part for name, part in parts.items()}
        return self.rows.get_query_string(chosen, [f"{self.column}__", "p"])


def _is_short(number: str) -> bool:
    return number.isdecimal() and len(number) <= _MOST_DIGITS
