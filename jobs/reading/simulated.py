"""What schedules would do in days to come, as far as a reader may see them."""

from datetime import timedelta
from functools import cache

from django.db.models import QuerySet
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.models import Schedule, Task
from jobs.scheduling.facts import refusal
from jobs.scheduling.plan import Plan
from jobs.scheduling.replan import plan_row
from jobs.scheduling.rows import Broken, read_rows
from jobs.scheduling.simulate import Simulation, Span, Told, simulate

from . import runs
from .policy import queue_of

BATCH = 500


def simulated(
    user: permissions.Person, entries: QuerySet[PeriodicTask], span: Span, most: int
) -> tuple[Simulation, Broken]:
    """Of those that are on; and those that cannot be read, with the reason."""
    rows, broken = _rows(entries)
    usual, queues, why = _Usual(user, rows), _queues(rows), cache(refusal)
    found = [
        Told(
            Plan(row),
            queue=row.entry.queue or queues[row.entry.task],
            usual=usual.of(row),
            refusal="" if row.run_as_id is None else why(row.run_as_id, row.entry.task),
        )
        for row in rows
    ]
    return simulate(found, span, most), broken


def _rows(entries: QuerySet[PeriodicTask]) -> tuple[list[Schedule], Broken]:
    keys = list(entries.filter(enabled=True).order_by("name").values_list("pk", flat=True))
    rows: list[Schedule] = []
    broken: Broken = []
    for begin in range(0, len(keys), BATCH):
        found, unreadable = read_rows(keys[begin : begin + BATCH])
        rows += found
        broken += unreadable
    for row in rows:
        if row.stale_at is not None:
            plan_row(row)  # as beat will within a second; nothing is stored here
    broken += [(row, row.flaw) for row in rows if row.flaw]
    return sorted((row for row in rows if row.due_at is not None), key=_name), broken


def _name(row: Schedule) -> str:
    return str(row.entry.name)


def _queues(rows: list[Schedule]) -> dict[str, str]:
    names = {row.entry.task for row in rows}
    tasks = Task.objects.in_bulk(names)
    return {name: queue_of(tasks.get(name) or Task(name=name)) for name in names}


class _Usual:
    """How long runs take: those of the schedule, or else those of its task."""

    def __init__(self, user: permissions.Person, rows: list[Schedule]) -> None:
        jobs = permissions.jobs(user)
        tasks = Task.objects.filter(pk__in={row.entry.task for row in rows})
        entries = PeriodicTask.objects.filter(policy__due_at__isnull=False)
        self.of_task = runs.usual(jobs, tasks, "task")
        self.own = runs.usual(jobs, entries, "schedule")

    def of(self, row: Schedule) -> timedelta:
        seconds = self.own.get(row.pk) or self.of_task.get(row.entry.task) or 0.0
        return timedelta(seconds=seconds)
