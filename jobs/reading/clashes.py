"""Which schedules get into each other's way: the same task, or the same queue, at a time
when the other one usually still runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db.models import Q
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.models import Schedule, Task
from jobs.scheduling.marks import Kind, Mark
from jobs.scheduling.plan import Plan, zone_of
from jobs.scheduling.preview import Ahead
from jobs.scheduling.rows import read_rows
from jobs.scheduling.times import Impossible

from . import runs
from .policy import queue_of

MOST_OTHERS = 100
"""Other schedules that are looked at, the nearest first."""
MOST_MOMENTS = 10
_MOST_TASKS = 1000
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Clash:
    """Another one that is there at a moment of ours."""

    plan: Plan
    at: datetime
    usual: timedelta
    is_same_task: bool
    queue: str

    def words(self, count: int, zone: tzinfo) -> str:
        begin, end = self.at.astimezone(zone), (self.at + self.usual).astimezone(zone)
        told = {"name": self.plan.entry.name, "queue": self.queue}
        told |= {"begin": f"{begin:%H:%M}", "end": f"{end:%H:%M}"}
        if count == 1:
            return self._sentence % told
        return _("%(clash)s; and %(n)d more") % {"clash": self._sentence % told, "n": count - 1}

    @property
    def _sentence(self) -> str:
        is_short = self.usual < timedelta(minutes=1)
        if self.is_same_task and is_short:
            return _("“%(name)s” runs the same task, at %(begin)s")
        if self.is_same_task:
            return _("“%(name)s” runs the same task, %(begin)s to %(end)s")
        if is_short:
            return _("“%(name)s” comes to “%(queue)s” too, at %(begin)s")
        return _("“%(name)s” usually holds “%(queue)s” %(begin)s to %(end)s")


def marked(
    user: permissions.Person, row: Schedule, ahead: tuple[Ahead, ...]
) -> tuple[Ahead, ...]:
    """The moments, the first `MOST_MOMENTS` with what `user` may know to clash with them."""
    some = ahead[:MOST_MOMENTS]
    if not some:
        return ahead
    others = _Others(user, row, some[-1].fires_at)
    return (*map(others.marked, some), *ahead[MOST_MOMENTS:])


class _Others:
    """Those that are planned until the last of the moments, in a fixed number of queries."""

    def __init__(self, user: permissions.Person, row: Schedule, until: datetime) -> None:
        self.row, self.task, self.zone = row, row.entry.task, zone_of(row.entry)
        rows = Task.objects.order_by("pk").only("name", "queue")[:_MOST_TASKS]
        self.queues = {task.pk: queue_of(task) for task in rows}
        self.queue = row.entry.queue or self.queues.get(self.task, "")
        keys = self._near(user, until)
        self.plans = [Plan(other) for other in read_rows(keys)[0]]
        self.usual = _usual(user, {self.task, *(plan.entry.task for plan in self.plans)})

    def marked(self, each: Ahead) -> Ahead:
        if each.is_skipped:
            return each
        found = [clash for plan in self.plans if (clash := self._clash(plan, each.fires_at))]
        if not found:
            return each
        worst = max(found, key=lambda clash: (clash.is_same_task, clash.usual))
        words = worst.words(len(found), self.zone)
        return each.with_mark(Mark(Kind.CLASH, _("Clash"), words))

    def _near(self, user: permissions.Person, until: datetime) -> list[int]:
        near = Q(entry__task=self.task)
        if self.queue:  # of a task that nobody knows here, nobody knows that either
            alike = [name for name, queue in self.queues.items() if queue == self.queue]
            by_task = Q(entry__queue__isnull=True) | Q(entry__queue="")
            near |= Q(entry__queue=self.queue) | by_task & Q(entry__task__in=alike)
        rows = Schedule.objects.planned().filter(near, fire_at__lte=until, stale_at=None)
        seen = rows.filter(entry__in=permissions.schedules(user)).exclude(pk=self.row.pk)
        return list(seen.values_list("pk", flat=True)[:MOST_OTHERS])

    def _clash(self, plan: Plan, moment: datetime) -> Clash | None:
        theirs = self.usual.get(plan.entry.task, timedelta())
        ours = self.usual.get(self.task, timedelta())
        try:
            at = plan.after(moment - max(theirs, _TICK))
            if at is None or at >= moment + max(ours, _TICK) or plan.blackout.covers(at):
                return None
        except Impossible:
            return None  # beat will say so
        return Clash(plan, at, theirs, plan.entry.task == self.task, self.queue)


def _usual(user: permissions.Person, names: set[str]) -> dict[str, timedelta]:
    """How long runs of tasks take, where enough is known of it."""
    recent = runs.last_runs(permissions.jobs(user))
    rows = Task.objects.filter(pk__in=names).annotate(recent=recent).values_list("pk", "recent")
    spans = ((name, runs.told(last).usual) for name, last in rows)
    return {name: timedelta(seconds=span) for name, span in spans if span is not None}
