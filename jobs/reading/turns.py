"""Jobs that wait for a limit of their task: who goes before them, and who holds the places."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Q

from jobs import registry
from jobs.conf import configuration
from jobs.dispatch.policy import policy_of
from jobs.models import Gate, Job, JobQuerySet, Line

from .listing import COUNTED


@dataclass(frozen=True)
class Load:
    """How much of a task's limits is used."""

    running: int
    waiting: int
    """Up to `COUNTED`, and one more when it is more."""
    is_limited: bool

    @property
    def waiting_told(self) -> str:
        return f"{COUNTED}+" if self.waiting > COUNTED else str(self.waiting)


def load_of(task: str) -> Load:
    """Of all jobs, whoever's: numbers tell nobody what they are."""
    lined = Job.objects.filter(task=task, lined_at__isnull=False).order_by()
    return Load(
        running=Job.objects.active().filter(task=task, lease_expires_at__isnull=False).count(),
        waiting=lined.values("pk")[: COUNTED + 1].count(),
        is_limited=policy_of(task).is_limited,
    )


class Turn:
    """Of one job that waits in the line of its task."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.policy = policy_of(job.task_id)

    @property
    def holders(self) -> JobQuerySet:
        """The jobs that have the places which it waits for."""
        held = Job.objects.filter(admitted_at__isnull=False)
        mine = held.filter(task=self.job.task_id)
        if self.key_is_full:
            return mine.filter(concurrency_key=self.job.concurrency_key)
        if self.policy.max_running is not None:
            return mine
        return held

    @cached_property
    def key_is_full(self) -> bool:
        most, key = self.policy.max_running_per_key, self.job.concurrency_key
        if most is None or key is None:
            return False
        same = Job.objects.filter(admitted_at__isnull=False, task=self.job.task_id)
        return same.filter(concurrency_key=key).count() >= most

    @property
    def is_capped(self) -> bool:
        """Whether the whole site runs only so many."""
        return configuration().max_concurrent_jobs > 0

    @cached_property
    def due_at(self) -> datetime | None:
        """When its rate lets it start, if those before it do; None where nobody knows."""
        lines = Line.objects.filter(name=self.job.line).values_list("opens_at", flat=True)
        gates = Gate.objects.filter(name=self.job.task_id).values_list("opens_at", flat=True)
        opens_at = lines.first() or gates.first()
        if opens_at is None or not self.policy.rate:
            return None
        interval = registry.rate_of(self.policy.rate).interval
        return opens_at + timedelta(seconds=self.before * interval)

    @cached_property
    def before(self) -> int:
        """How many of its line go first; up to `COUNTED`."""
        job = self.job
        first = Q(priority__gt=job.priority)
        first |= Q(priority=job.priority, created_at__lt=job.created_at)
        line = Job.objects.filter(line=job.line, lined_at__isnull=False)
        return line.filter(first).order_by().values("pk")[:COUNTED].count()
