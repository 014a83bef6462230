"""The workers as their rows tell of them: how each is, what it runs, what is wrong.

Nothing here asks the broker: a worker that hangs makes no page wait.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from jobs import permissions
from jobs.models import Code, Job, Worker, WorkerQuerySet

SHOWN = 500
RECENT = timedelta(days=1)
"""So long one that is gone stays in the list."""
MOST_NAMED = 5
MOST_EVENTS = 50
MOST_JOBS = 100

ALIVE, OLD, LEAVING, CUT, DEAF, LOST, ENDED = (
    "alive", "old", "leaving", "cut", "deaf", "lost", "ended",
)  # fmt: skip
STATES = (DEAF, CUT, OLD, ALIVE, LEAVING, LOST, ENDED)
"""What a worker can be, what a person should see to first."""
BAD = frozenset({DEAF, CUT, OLD})
GONE = frozenset({LOST, ENDED})


@dataclass(frozen=True)
class Lag:
    """By what the code of a worker is behind the newest that is run."""

    missing: tuple[str, ...] = ()
    """Tasks that it does not know."""
    changed: tuple[str, ...] = ()
    """Those that take other parameters by now."""

    @property
    def tasks(self) -> tuple[str, ...]:
        return (*self.missing, *self.changed)


@dataclass(frozen=True)
class Row:
    """One worker. `jobs` are those that it runs and the person may see, `unseen` counts the
    others."""

    worker: Worker
    state: str
    jobs: list[Job] = field(default_factory=list)
    unseen: int = 0
    lag: Lag | None = None

    @property
    def name(self) -> str:
        return self.worker.name

    @property
    def is_gone(self) -> bool:
        return self.state in GONE

    @property
    def running(self) -> int:
        return len(self.jobs) + self.unseen

    @property
    def busy(self) -> int:
        """How many of its slots do something, jobs or not."""
        if self.is_gone:
            return 0
        return min(self.running + self.worker.others, self.worker.slots)

    @property
    def free(self) -> int:
        return 0 if self.is_gone else self.worker.slots - self.busy

    @property
    def gone_at(self) -> datetime | None:
        worker = self.worker
        return (worker.left_at or worker.heard_at) if self.is_gone else None

    @property
    def memory(self) -> int:
        """Of all its processes, in MB."""
        return sum(self.worker.memory)

    @property
    def others(self) -> int:
        """How many jobs it runs beside the first that is named."""
        return self.running - min(len(self.jobs), 1)


def rows(user: permissions.Person, chosen: WorkerQuerySet) -> list[Row]:
    """Of these workers, what is wrong first and what is gone last."""
    workers = list(chosen.with_health().order_by(F("left_at").asc(nulls_first=True), "name"))
    held = _held(user, [worker.name for worker in workers[:SHOWN]])
    newest = Newest(workers)
    found = [_row(worker, held[worker.name], newest) for worker in workers[:SHOWN]]
    return sorted(found, key=lambda row: (row.is_gone, STATES.index(row.state), row.name))


def recent(workers: WorkerQuerySet) -> WorkerQuerySet:
    """Those that are there, and those that went lately."""
    return workers.filter(heard_at__gt=timezone.now() - RECENT)


def one(user: permissions.Person, name: str) -> Row | None:
    """That worker, here or gone, judged beside the others; None where there is none that
    the person may see."""
    found = list(permissions.workers(user).with_health().filter(pk=name))
    if not found:
        return None
    others = permissions.workers(user).there().with_health()
    return _row(found[0], _held(user, [name])[name], Newest([*others, *found]))


def _row(worker: Worker, held: "_Held", newest: "Newest") -> Row:
    lag = newest.lag(worker)
    state = _state(worker, is_behind=lag is not None)
    return Row(worker, state, held.seen, held.unseen, lag if state not in GONE else None)


def _state(worker: Worker, *, is_behind: bool) -> str:
    told = (
        (ENDED, worker.left_at is not None),
        (LOST, not worker.is_heard),
        (DEAF, worker.deaf_at is not None),
        (LEAVING, worker.leaving_at is not None),
        (CUT, not worker.is_connected),
        (OLD, is_behind),
    )
    return next((state for state, is_so in told if is_so), ALIVE)


@dataclass
class _Held:
    seen: list[Job] = field(default_factory=list)
    unseen: int = 0


def _held(user: permissions.Person, names: list[str]) -> dict[str, _Held]:
    """What they run, by the index of leases: what runs longest first."""
    active = Job.objects.filter(lease_expires_at__isnull=False, worker__in=names)
    counts = dict(active.order_by().values_list("worker").annotate(n=Count("pk")))
    seen = permissions.jobs(user).filter(lease_expires_at__isnull=False, worker__in=names)
    found: dict[str, _Held] = defaultdict(_Held)
    shown = seen.only("id", "task", "worker", "started_at", "state", "version")
    for job in shown.order_by("started_at", "pk")[: MOST_JOBS * 10]:
        found[job.worker].seen.append(job)
    for name, count in counts.items():
        found[name].unseen = max(count - len(found[name].seen), 0)
    return found


class Newest:
    """The newest code that any of these workers runs now, beside that of each."""

    def __init__(self, workers: Iterable[Worker]) -> None:
        self._fingerprints = {
            each.code
            for each in workers
            if each.is_heard and each.left_at is None and each.code
        }

    @cached_property
    def codes(self) -> list[Code]:
        """The newest first."""
        if len(self._fingerprints) < 2:
            return []  # nobody is behind anybody: their tasks need not be read
        return list(Code.objects.filter(pk__in=self._fingerprints))

    def lag(self, worker: Worker) -> Lag | None:
        """None for one that runs the newest code, or of which that is not known."""
        if not self.codes or worker.code == self.codes[0].pk:
            return None
        mine = next((code for code in self.codes if code.pk == worker.code), None)
        if mine is None:
            return None
        newest = self.codes[0]
        return Lag(tuple(mine.lacks(newest)), tuple(mine.differs(newest)))


def ill(user: permissions.Person) -> int:
    """How many workers that are there do not what they should, for the line of every page."""
    there = permissions.workers(user).there().filter(leaving_at=None)
    return there.filter(Q(deaf_at__isnull=False) | Q(is_connected=False)).count()


def story(user: permissions.Person, name: str) -> list[Any]:
    """What happened to this worker, the newest first."""
    events = permissions.events_of_worker(user, name).select_related("actor")
    return list(events.order_by("-at", "-id")[:MOST_EVENTS])


@dataclass(frozen=True)
class Fleet:
    """All of them in a few numbers, of those that are listed."""

    rows: list[Row]

    def count(self, *states: str) -> int:
        return sum(row.state in states for row in self.rows)

    @property
    def there(self) -> list[Row]:
        return [row for row in self.rows if not row.is_gone]

    @property
    def taking(self) -> list[Row]:
        return [row for row in self.there if row.state in (ALIVE, OLD)]

    @property
    def slots(self) -> int:
        return sum(row.worker.slots for row in self.there)

    @property
    def busy(self) -> int:
        return sum(row.busy for row in self.there)

    @property
    def processed(self) -> int:
        return sum(row.worker.processed for row in self.there)

    @property
    def failed(self) -> int:
        return sum(row.worker.failed for row in self.there)

    @property
    def failed_percent(self) -> float | None:
        return 100 * self.failed / self.processed if self.processed else None
