"""What a queued job waits for: who takes from its queue, what they run, who goes first.

All of it is read from rows. Workers tell of themselves every few seconds (`Worker`), so
nothing here ever asks the broker.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from django.db.models import F, Q
from django.utils import timezone

from jobs import permissions
from jobs.models import Code, Job, JobQuerySet, Task, Worker
from jobs.states import State

from . import runs

COUNTED = 10_000
MOST_WORKERS = 500
MOST_SHOWN = 5
MOST_ESTIMATED = 500
"""Of a line longer than that nobody says how long it takes."""


@dataclass(frozen=True)
class Place:
    """Where a job stands among those of its queue, as the relay rings for them. Counts go
    up to `COUNTED`."""

    before: int
    waiting: int

    @property
    def is_more(self) -> bool:
        return self.waiting >= COUNTED

    @property
    def percent(self) -> float:
        return 100 * (self.before + 1) / max(self.waiting, self.before + 1)


class Wait:
    """Of one queued job, for one person: what they may not see is counted, never named."""

    def __init__(self, user: permissions.Person, job: Job) -> None:
        self.user = user
        self.job = job

    @cached_property
    def workers(self) -> list[Worker]:
        """All that ever told of themselves, those heard last first."""
        known = Worker.objects.with_health().order_by(F("heard_at").desc(), "name")
        return list(known[:MOST_WORKERS])

    @cached_property
    def serving(self) -> list[Worker]:
        """Those that were told to take from its queue, here or gone."""
        return [worker for worker in self.workers if self.job.queue in worker.queues]

    @cached_property
    def taking(self) -> list[Worker]:
        """Those of them that a message can reach now."""
        return [worker for worker in self.serving if worker.takes]

    @cached_property
    def behind(self) -> list[Worker]:
        """Those of them that leave its task to others, who run newer code, or lack it."""
        codes = {code.pk: code.tasks for code in self._codes}
        newest: dict[str, str] = next(iter(codes.values()), {})
        wanted = newest.get(self.job.task_id)
        told = ((worker, codes.get(worker.code)) for worker in self.taking)
        mine = [(worker, tasks.get(self.job.task_id)) for worker, tasks in told if tasks]
        return [worker for worker, has in mine if not has or has != (wanted or has)]

    @property
    def _codes(self) -> list[Code]:
        """What they run, the newest first."""
        return list(Code.objects.filter(pk__in={worker.code for worker in self.taking}))

    @cached_property
    def running(self) -> list[Job]:
        """What they run, what will be over first at the top, as far as is known."""
        names = [worker.name for worker in self.taking]
        jobs = Job.objects.filter(lease_expires_at__isnull=False, worker__in=names)
        return list(jobs.order_by("started_at").only("id", "task", "worker", "started_at"))

    @cached_property
    def shown(self) -> list[Job]:
        """Some of what they run that the person may see."""
        ids = [job.pk for job in self.running]
        seen = {*permissions.jobs(self.user).filter(pk__in=ids).values_list("pk", flat=True)}
        return [job for job in self.running if job.pk in seen][:MOST_SHOWN]

    @property
    def slots(self) -> int:
        return sum(worker.slots for worker in self.taking)

    @cached_property
    def free(self) -> int:
        """How many slots have nothing to do."""
        busy = Counter(job.worker for job in self.running)
        left = (worker.slots - worker.others - busy[worker.name] for worker in self.taking)
        return sum(max(slots, 0) for slots in left)

    @cached_property
    def place(self) -> Place:
        return Place(_counted(self._before), _counted(self._line))

    @cached_property
    def seconds(self) -> float | None:
        """About how long until its turn, if each job before it and each that runs takes as
        long as is usual for its task. None where that would be a guess: nobody takes them,
        the line is long, or a task has ended too few jobs."""
        if not self.slots or self.free or not 0 < self.place.before <= MOST_ESTIMATED:
            return None
        ahead = Counter(self._before.values_list("task", flat=True))
        usual = self._usual({*ahead, *(job.task_id for job in self.running)})
        if None in usual.values():
            return None
        line = sum((usual[task] or 0) * count for task, count in ahead.items())
        left = [(usual[job.task_id] or 0) - _elapsed(job) for job in self.running]
        return (line + sum(max(seconds, 0) for seconds in left)) / self.slots

    def _usual(self, names: set[str]) -> dict[str, float | None]:
        """What is usual for each task, by all its jobs: it is told only of all together."""
        last = runs.last_runs(Job.objects.all())
        rows = Task.objects.filter(pk__in=names).annotate(last=last).values_list("pk", "last")
        return dict.fromkeys(names) | {name: runs.told(row).usual for name, row in rows}

    @property
    def _before(self) -> JobQuerySet:
        job = self.job
        first = Q(priority__gt=job.priority)
        # SQLite compares moments as text: one of 3 digits comes before the same one of 6.
        earlier = job.created_at - timedelta(microseconds=1)
        first |= Q(priority=job.priority, created_at__lte=earlier)
        at_once = Q(created_at__gt=earlier, created_at__lte=job.created_at, pk__lt=job.pk)
        first |= Q(priority=job.priority) & at_once
        return self._line.filter(first)

    @property
    def _line(self) -> JobQuerySet:
        line = Job.objects.filter(ring_at__isnull=False, queue=self.job.queue)
        return line.filter(state=State.QUEUED)


def _elapsed(job: Job) -> float:
    return (timezone.now() - job.started_at).total_seconds() if job.started_at else 0


def _counted(jobs: JobQuerySet) -> int:
    return jobs.order_by().values("pk")[:COUNTED].count()
