"""What fires in a span of days: what did, from its rows, and what is going to, from the
plans of schedules. Where there is much it is counted, not walked through."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.models import JobQuerySet, Schedule
from jobs.scheduling.plan import Plan
from jobs.scheduling.replan import plan_row
from jobs.scheduling.rows import read_rows

from .days import DAY, Days
from .grouping import cell_of

MOST_SCHEDULES = 200
"""Those that come next, and of which the moments are worked out."""
MOST_TURNS = 2_000
"""Fires, or bundles of them in one hour or day, that are worked out for one page."""
MOST_FIRES = 50_000
"""Rows, the newest of a span, that are counted for one page."""
MOST_BUNDLES = 3_000
SAMPLE = 2 * MOST_BUNDLES
OFTEN = 24
"""What comes so often on one day of a week is bundled by the day, not by the hour."""
_TICK = timedelta(microseconds=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Fire:
    """One fire of a schedule, or several of it in one hour or day that ended alike."""

    at: datetime
    """Of several the first."""
    task: str
    schedule: int | None = None
    """None for those of more than one."""
    state: str = ""
    """"" for one that is to come."""
    count: int = 1
    job: str = ""
    is_dark: bool = False
    """Whether it falls into a time when the schedule is not to run."""
    is_overdue: bool = False
    """Whether its moment (and its jitter) has passed and nobody has dealt with it."""
    is_often: bool = False
    """Whether it stands for a whole day, beside fires that stand for their hour."""


@dataclass(frozen=True)
class Fires:
    """In order. `is_more`: what there is beyond them was not looked at."""

    fires: list[Fire]
    is_more: bool = False
    schedules: int = 0
    """Of how many they are, where not of all."""


# What did.


def past(jobs: JobQuerySet, days: Days) -> Fires:
    """The fires of some days that have become `jobs`, bundled by hour (by day for a month),
    schedule and state. Of too many bundles, by hour or day and state only."""
    mine = jobs.filter(due_at__gte=days.begin, due_at__lt=days.end)
    beyond = mine.order_by("-due_at").values_list("due_at", flat=True)[MOST_FIRES:]
    oldest = next(iter(beyond[:1]), None)
    if oldest is not None:
        mine = mine.filter(due_at__gt=oldest)
    cells = mine.annotate(cell=cell_of(mine.db, days)).order_by("cell")
    found = [] if _are_too_many(mine, cells) else _bundled(cells, "schedule", "task")
    if not found or len(found) > MOST_BUNDLES:
        found = _bundled(cells)
    return Fires(found, oldest is not None)


def _are_too_many(mine: JobQuerySet, cells: Any) -> bool:
    """Whether the newest fires alone are more bundles than are shown: where all are many,
    all need not be bundled to know it."""
    newest = mine.order_by("-due_at").values_list("due_at", flat=True)[SAMPLE : SAMPLE + 1]
    since = next(iter(newest), None)
    if since is None:
        return False
    some = cells.filter(due_at__gt=since).values("cell", "state", "schedule")
    return len(some.order_by().distinct()[: MOST_BUNDLES + 1]) > MOST_BUNDLES


def _bundled(cells: JobQuerySet, *fields: str) -> list[Fire]:
    rows = cells.values("cell", "state", *fields)
    told = rows.annotate(count=Count("pk"), at=Min("due_at"), job=Min("pk"))
    return [
        Fire(
            at=row["at"],
            task=row.get("task", ""),
            schedule=row.get("schedule"),
            state=row["state"],
            count=row["count"],
            job=row["job"] if row["count"] == 1 else "",
        )
        for row in told[: MOST_BUNDLES + 1]
    ]


# What is going to.


def coming(schedules: QuerySet[PeriodicTask], days: Days) -> Fires:
    """What those of `schedules` that are on are going to do on some days."""
    now = timezone.now()
    if days.end <= now:
        return Fires([])
    plans, is_more = planned(schedules, days.end)
    found: list[Fire] = []
    for number, plan in enumerate(plans):
        found += islice(_turns(plan, days, now), MOST_TURNS - len(found))
        if len(found) >= MOST_TURNS:
            return Fires(sorted(found, key=lambda fire: fire.at), True, number + 1)
    return Fires(sorted(found, key=lambda fire: fire.at), is_more, len(plans))


def planned(schedules: QuerySet[PeriodicTask], end: datetime) -> tuple[list[Plan], bool]:
    """Of those that come before `end`, the next first; and whether there were more than
    are looked at."""
    comes = Q(fire_at__lt=end) | Q(stale_at__isnull=False)
    on = Schedule.objects.filter(comes, entry__in=schedules.filter(enabled=True))
    keys = list(on.order_by("fire_at").values_list("pk", flat=True)[: MOST_SCHEDULES + 1])
    rows, _broken = read_rows(keys[:MOST_SCHEDULES])
    for row in rows:
        if row.stale_at is not None:
            plan_row(row)  # as beat will within a second; nothing is stored here
    plans = [Plan(row) for row in rows if row.due_at is not None]
    return sorted(plans, key=_due), len(keys) > MOST_SCHEDULES


def _due(plan: Plan) -> datetime:
    assert plan.schedule.due_at is not None, "it was not planned"
    return plan.schedule.due_at


def moments(plan: Plan, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Those that it has left, from `begin` on up to `end`."""
    at: datetime | None = _due(plan)
    if at is not None and at < begin:
        at = plan.after(begin - _TICK)
    while at is not None and at < end:
        yield at
        at = plan.after(at)


def _turns(plan: Plan, days: Days, now: datetime) -> Iterator[Fire]:
    at, left = next(moments(plan, days.begin, days.end), None), plan.left
    while at is not None and at < days.end and left != 0:
        close, count, is_often = _bundle(plan, at, days)
        count = max(count, 1)  # the stored moment comes, whatever its times say by now
        count = count if left is None else min(count, left)
        yield Fire(
            at=at,
            task=plan.entry.task,
            schedule=plan.entry.pk,
            count=count,
            is_dark=all(map(plan.blackout.covers, (at, close - _TICK) if count > 1 else (at,))),
            is_overdue=at < now and plan.fires_at(at) < now,
            is_often=is_often,
        )
        left = None if left is None else left - count
        at = plan.after(close - _TICK)


def _bundle(plan: Plan, at: datetime, days: Days) -> tuple[datetime, int, bool]:
    """Until when its moments from `at` on are one, how many they are, and whether they are
    those of the day though the others stand by their hours."""
    wall = at.astimezone(days.zone)
    day = days.midnight(wall.date() + DAY)
    past = timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    hour = min(at - past + _HOUR, day)
    in_day = 0 if days.view == "day" else plan.count(at - _TICK, day - _TICK)
    if days.view == "month":
        return day, in_day, False
    in_hour = plan.count(at - _TICK, hour - _TICK)
    if in_day >= OFTEN and in_day > in_hour:
        return day, in_day, True
    return hour, in_hour, False
