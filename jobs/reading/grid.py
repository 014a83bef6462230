"""Fires in the cells of a calendar: hours beside days, or the days of weeks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from itertools import groupby

from jobs.states import State

from .calendar import Fire
from .days import Days

_ROOM = {"day": 60, "week": 4, "month": 5}
"""How many fires stand in a cell before the others are only counted."""
ROOM_OF_DAY = 12
"""The same where a page is narrow, and days stand below each other."""
HOURS = range(24)
ALL_DAY = 8
"""A schedule that fires in so many hours of a day stands above them, once."""
_CALM = ("", State.COMPLETED, State.SKIPPED)


@dataclass(frozen=True)
class Shown:
    """A fire with what people call it by."""

    fire: Fire
    clock: datetime
    """Its moment on the reader's clock."""
    name: str
    is_open: bool
    """Whether the reader sees its schedule."""

    @property
    def is_calm(self) -> bool:
        return self.fire.state in _CALM and not self.fire.is_overdue


@dataclass
class Cell:
    day: date
    hour: int | None = None
    room: int = ROOM_OF_DAY
    is_today: bool = False
    is_gone: bool = False
    is_other: bool = False
    """Whether it belongs to another month."""
    comes_twice: bool = False
    is_leapt_over: bool = False
    fires: list[Shown] = field(default_factory=list)

    @cached_property
    def shown(self) -> list[Shown]:
        """Where there is not room for all of them, those that say something first."""
        kept = sorted(self.fires, key=lambda shown: shown.is_calm)[: self.room]
        return sorted(kept, key=_at)

    @property
    def more(self) -> int:
        count = sum(shown.fire.count for shown in self.fires)
        return count - sum(shown.fire.count for shown in self.shown)


@dataclass(frozen=True)
class Row:
    """An hour, or several of which there is nothing to show."""

    first: int
    last: int
    cells: list[Cell]
    is_now: bool

    @property
    def is_empty(self) -> bool:
        return not any(cell.fires or cell.is_leapt_over or cell.comes_twice
                       for cell in self.cells)  # fmt: skip


class Grid:
    """`names` are those of the schedules that the reader sees."""

    def __init__(
        self, days: Days, fires: Iterable[Fire], names: Mapping[int, str], now: datetime
    ) -> None:
        self.days, self.now = days, now.astimezone(days.zone)
        self._by_day: dict[date, list[Shown]] = defaultdict(list)
        for fire in sorted(fires, key=lambda fire: fire.at):
            clock = fire.at.astimezone(days.zone)
            name = names.get(fire.schedule or 0)
            shown = Shown(fire, clock, name or fire.task, name is not None)
            self._by_day[clock.date()].append(shown)

    @cached_property
    def columns(self) -> list[Cell]:
        """The days, each with all that it has."""
        return [self._cell(day, _merged(self._by_day[day])) for day in self.days.dates]

    @property
    def weeks(self) -> list[list[Cell]]:
        cells = [replace(cell, room=_ROOM["month"]) for cell in self.columns]
        return [cells[n : n + 7] for n in range(0, len(cells), 7)]

    @property
    def all_day(self) -> list[Cell]:
        """What goes on through most hours of a day; empty where there is no such thing."""
        cells = [self._cell(day, _merged(self._often[day])) for day in self.days.dates]
        return cells if any(cell.fires for cell in cells) else []

    @property
    def rows(self) -> Iterator[Row]:
        """The hours; those that follow each other without anything are one."""
        hours = [self._row(hour) for hour in HOURS]
        for is_empty, group in groupby(hours, key=lambda row: row.is_empty):
            rows = list(group)
            if is_empty:
                is_now = any(row.is_now for row in rows)
                yield Row(rows[0].first, rows[-1].last, [], is_now)
            else:
                yield from rows

    @cached_property
    def _often(self) -> dict[date, list[Shown]]:
        return {day: list(_often(self._by_day[day])) for day in self.days.dates}

    @cached_property
    def _by_hour(self) -> dict[tuple[date, int], list[Shown]]:
        found: dict[tuple[date, int], list[Shown]] = defaultdict(list)
        for day in self.days.dates:
            often = set(map(id, self._often[day]))
            for shown in self._by_day[day]:
                if id(shown) not in often:
                    found[day, shown.clock.hour].append(shown)
        return found

    def _row(self, hour: int) -> Row:
        cells = [self._hour(day, hour) for day in self.days.dates]
        is_now = self.now.hour == hour and self.now.date() in self.days.dates
        return Row(hour, hour, cells, is_now)

    def _hour(self, day: date, hour: int) -> Cell:
        cell = self._cell(day, self._by_hour[day, hour], _ROOM[self.days.view])
        cell.hour = hour
        cell.is_gone |= cell.is_today and hour < self.now.hour
        for change in self.days.changes:
            old, new = (change.at + offset for offset in (change.before, change.after))
            if old.date() == day:
                cell.is_leapt_over |= old.hour <= hour < new.hour
                cell.comes_twice |= new.hour <= hour < old.hour
        return cell

    def _cell(self, day: date, fires: list[Shown], room: int = ROOM_OF_DAY) -> Cell:
        today = self.now.date()
        return Cell(day, None, room, day == today, day < today, not self.days.has(day),
                    fires=fires)  # fmt: skip


def _at(shown: Shown) -> datetime:
    return shown.fire.at


def _alike(fires: Iterable[Shown]) -> dict[tuple[str, str, bool, bool], list[Shown]]:
    """By schedule, and by what became of them."""
    found: dict[tuple[str, str, bool, bool], list[Shown]] = defaultdict(list)
    for shown in fires:
        fire = shown.fire
        found[shown.name, fire.state, fire.is_dark, fire.is_overdue].append(shown)
    return found


def _often(fires: Iterable[Shown]) -> Iterator[Shown]:
    """Those of a day that come again hour after hour, and went well."""
    for alike in _alike(fires).values():
        hours = {shown.clock.hour for shown in alike}
        is_calm = all(shown.is_calm for shown in alike)
        if is_calm and (len(hours) >= ALL_DAY or alike[0].fire.is_often):
            yield from alike


def _merged(fires: Iterable[Shown]) -> list[Shown]:
    """Those that are alike as one."""
    merged = []
    for alike in _alike(fires).values():
        count = sum(shown.fire.count for shown in alike)
        job = alike[0].fire.job if count == 1 else ""
        merged.append(replace(alike[0], fire=replace(alike[0].fire, count=count, job=job)))
    return sorted(merged, key=_at)
