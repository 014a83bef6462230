"""The next 24 hours as lanes: of each schedule its fires, as long as they usually take, and
where one of them falls into another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice

from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.models import Task
from jobs.scheduling.clocks import Change, changes_of
from jobs.scheduling.plan import Plan
from jobs.scheduling.timings import words

from . import runs
from .calendar import moments, planned
from .policy import queue_of

SPAN = timedelta(days=1)
MOST_LANES = 40
"""Schedules, those that come next."""
DENSE = 144
"""A lane of more fires is drawn as a band, and not looked at for clashes."""
MOST_CLASHES = 20
_TICK, _HOUR = timedelta(microseconds=1), timedelta(hours=1)


@dataclass
class Bar:
    """One fire; of a dense lane some hours in which it fires again and again."""

    begin: datetime
    end: datetime
    clashes: bool = False


@dataclass
class Lane:
    plan: Plan
    queue: str
    usual: timedelta | None
    """How long it takes; None where too little is known."""
    count: int
    bars: list[Bar] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.plan.entry.name)

    @property
    def words(self) -> str:
        return words(self.plan.entry.scheduler)

    @property
    def is_dense(self) -> bool:
        return self.count > DENSE


@dataclass
class Clash:
    """A fire of one lane that begins while one of another, or of its own, still runs."""

    lane: Lane
    bar: Bar
    other: Lane
    into: Bar
    count: int = 1
    """How often that happens in these hours."""

    @property
    def words(self) -> str:
        told = {"name": self.lane.name, "other": self.other.name, "queue": self.lane.queue}
        edges = {"at": self.bar.begin, "begin": self.into.begin, "end": self.into.end}
        told |= {name: f"{timezone.localtime(at):%H:%M}" for name, at in edges.items()}
        return self._sentence % told

    @property
    def _sentence(self) -> str:
        if self.lane is self.other:
            return _("“%(name)s” comes again at %(at)s, while it usually runs until %(end)s")
        if self.lane.plan.entry.task == self.other.plan.entry.task:
            return _("“%(name)s” at %(at)s falls into “%(other)s”, %(begin)s to %(end)s: both"
                     " run the same task")  # fmt: skip
        return _("“%(name)s” at %(at)s falls into “%(other)s”, %(begin)s to %(end)s: both on"
                 " “%(queue)s”")  # fmt: skip


class Timeline:
    """Of what `user` may see; a fixed number of queries."""

    def __init__(self, user: permissions.Person) -> None:
        self.begin = timezone.now()
        self.end = self.begin + SPAN
        plans, is_more = planned(permissions.schedules(user), self.end)
        self.is_more = is_more or len(plans) > MOST_LANES
        self.lanes = [lane for lane in self._lanes(user, plans[:MOST_LANES]) if lane.bars]

    @cached_property
    def clashes(self) -> list[Clash]:
        """The first one of each pair, in order."""
        found: dict[tuple[int, int], Clash] = {}
        for clash in _clashes(self.lanes):
            pair = id(clash.lane), id(clash.other)
            if pair in found:
                found[pair].count += 1
            else:
                found[pair] = clash
            clash.bar.clashes = True
        return list(found.values())

    @property
    def shown(self) -> list[Clash]:
        return self.clashes[:MOST_CLASHES]

    @property
    def changes(self) -> list[Change]:
        found = changes_of(timezone.get_current_timezone(), self.begin, self.end)
        return [change for change in found if self.begin <= change.at < self.end]

    @property
    def ticks(self) -> list[datetime]:
        """Each third hour of the clock."""
        first = timezone.localtime(self.begin).replace(minute=0, second=0, microsecond=0)
        hours = (timezone.localtime(first + n * _HOUR) for n in range(1, 25))
        return [hour for hour in hours if hour.hour % 3 == 0]

    def part(self, moment: datetime) -> float:
        """Where a moment lies, in percent."""
        part = 100 * (moment - self.begin) / SPAN
        return round(min(max(part, 0.0), 100.0), 3)

    def _lanes(self, user: permissions.Person, plans: list[Plan]) -> Iterator[Lane]:
        tasks = Task.objects.filter(pk__in={plan.entry.task for plan in plans})
        entries = PeriodicTask.objects.filter(pk__in={plan.entry.pk for plan in plans})
        queues = {task.pk: queue_of(task) for task in tasks}
        jobs = permissions.jobs(user)
        of_task, own = runs.usual(jobs, tasks, "task"), runs.usual(jobs, entries, "schedule")
        for plan in plans:
            entry = plan.entry
            seconds = own.get(entry.pk) or of_task.get(entry.task)
            usual = None if seconds is None else timedelta(seconds=seconds)
            queue = entry.queue or queues.get(entry.task, "")
            lane = Lane(plan, queue, usual, self._count(plan))
            lane.bars = list(self._band(lane) if lane.is_dense else self._fires(lane))
            yield lane

    def _count(self, plan: Plan) -> int:
        first = next(moments(plan, self.begin, self.end), self.end)
        count = plan.count(first - _TICK, self.end - _TICK)
        return count if plan.left is None else min(count, plan.left)

    def _fires(self, lane: Lane) -> Iterator[Bar]:
        for moment in islice(moments(lane.plan, self.begin, self.end), lane.count):
            if not lane.plan.blackout.covers(moment):
                at = lane.plan.fires_at(moment)
                yield Bar(at, at + (lane.usual or timedelta()))

    def _band(self, lane: Lane) -> Iterator[Bar]:
        """The hours in which it fires; those that follow each other are one."""
        band: Bar | None = None
        for hour in (self.begin + n * _HOUR for n in range(24)):
            if not lane.plan.count(hour - _TICK, hour + _HOUR - _TICK):
                continue
            if band is not None and band.end == hour:
                band.end += _HOUR
                continue
            if band is not None:
                yield band
            band = Bar(hour, hour + _HOUR)
        if band is not None:
            yield band


def _clashes(lanes: Iterable[Lane]) -> Iterator[Clash]:
    fires = [(bar, lane) for lane in lanes if not lane.is_dense for bar in lane.bars]
    # Of each lane the last one, which ends last: all that still run would be too many.
    running: dict[int, tuple[Bar, Lane]] = {}
    for bar, lane in sorted(fires, key=lambda fire: fire[0].begin):
        for into, other in running.values():
            is_near = lane.queue == other.queue or lane.plan.entry.task == other.plan.entry.task
            if is_near and _still_runs(into, bar.begin):
                yield Clash(lane, bar, other, into)
        running[id(lane)] = bar, lane


def _still_runs(bar: Bar, moment: datetime) -> bool:
    return max(bar.end, bar.begin + _TICK) > moment
