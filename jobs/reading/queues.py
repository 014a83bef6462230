"""What is known of queues: who waits in them, for how long, what comes in and goes out."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median, quantiles
from typing import Any

from django.db.models import IntegerField, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from jobs import permissions
from jobs.dispatch import closed
from jobs.models import Flow, Job, Queue, QueueQuerySet, Worker

from .runs import LastRuns, moment_of

COUNTED = 10_000
"""Jobs of one queue that are counted; more are told as so many and more."""
SAMPLE = 200
"""Starts of one queue by which its waits and its pace are told, the newest."""
ASKED = 2_000
"""Jobs of all queues by which it is told what comes in, the newest."""
SPAN = timedelta(minutes=5)
_PRIORITIES = range(10)


class Counted(Subquery):
    """How many rows a subquery finds."""

    output_field = IntegerField()
    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"


@dataclass
class Standing:
    """One queue as it stands."""

    queue: Queue
    waiting: int = 0
    """Ready and in line, up to `COUNTED`."""
    halted: int = 0
    """Ready, and kept out of line because it is closed."""
    oldest_at: datetime | None = None
    """Since when the oldest of them is asked for."""
    waits: list[float] = field(default_factory=list)
    """Seconds from being queued to the start, of the last that started."""
    ins: float = 0
    outs: float = 0
    """Jobs per minute that were asked for, and that started."""
    workers: list[Worker] = field(default_factory=list)
    """All that were told to take from it, here or gone."""
    is_frozen: bool = False

    @property
    def all(self) -> int:
        return self.waiting + self.halted

    @property
    def is_more(self) -> bool:
        return self.waiting >= COUNTED or self.halted >= COUNTED

    @property
    def p50(self) -> float | None:
        return median(self.waits) if self.waits else None

    @property
    def p95(self) -> float | None:
        if len(self.waits) < 2:
            return self.p50
        return quantiles(self.waits, n=20, method="inclusive")[-1]

    @cached_property
    def taking(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.takes]

    @property
    def slots(self) -> int:
        return sum(worker.slots for worker in self.taking)

    @property
    def is_unserved(self) -> bool:
        return not self.taking

    @property
    def last(self) -> Worker | None:
        """Of those that are gone the one that was heard last."""
        return max(self.workers, key=lambda worker: worker.heard_at, default=None)

    @property
    def state(self) -> str:
        """In one word: frozen, paused, draining, unserved or open."""
        if self.is_frozen:
            return "frozen"
        if self.queue.flow != Flow.OPEN:
            return str(self.queue.flow)
        return "unserved" if self.is_unserved and self.all else "open"


def freeze() -> Queue | None:
    """Who froze all queues, when and why; None while nobody has."""
    row = Queue.objects.filter(pk=Queue.ALL, flow=Flow.PAUSED)
    return row.select_related("changed_by").first()


def standings(user: permissions.Person) -> list[Standing]:
    """All queues, those that are closed or that nobody serves first."""
    found = _told(permissions.queues(user))
    return sorted(found, key=lambda each: (each.state == "open", each.queue.name))


def standing(queue: Queue) -> Standing:
    """The one, as it stands now."""
    [found] = _told(Queue.objects.filter(pk=queue.pk))
    return found


def _told(queues: QueueQuerySet) -> list[Standing]:
    rows = list(queues.select_related("changed_by").annotate(**_annotations()))
    workers = list(Worker.objects.with_health().order_by("name"))
    asked, is_frozen = _asked(), closed.read().is_frozen
    return [_standing(row, workers, asked, is_frozen) for row in rows]


def _standing(
    row: Any, workers: Iterable[Worker], asked: dict[str, float], is_frozen: bool
) -> Standing:
    starts = [_moments(start) for start in row.starts or []]
    dates = [getattr(row, f"oldest_{p}") for p in _PRIORITIES] + [row.oldest_halted]
    return Standing(
        queue=row,
        waiting=row.waiting,
        halted=row.halted,
        oldest_at=min((date for date in dates if date), default=None),
        waits=[max((at - since).total_seconds(), 0.0) for since, at in starts if since and at],
        ins=asked.get(row.pk, 0),
        outs=_pace([at for _since, at in starts if at], SAMPLE),
        workers=[worker for worker in workers if row.pk in worker.queues],
        is_frozen=is_frozen,
    )


def _annotations() -> dict[str, Any]:
    mine = Job.objects.filter(queue=OuterRef("pk"))
    line, halted = mine.filter(ring_at__isnull=False), mine.filter(halted_at__isnull=False)
    turn = ("-priority", "created_at")
    started = mine.filter(started_at__isnull=False).order_by("-started_at")
    moments = JSONObject(queued="queued_at", started="started_at")
    # The index holds them by priority, and the oldest of each stands first there.
    oldest = {
        f"oldest_{p}": Subquery(
            line.filter(priority=p).order_by("created_at").values("created_at")[:1]
        )
        for p in _PRIORITIES
    }
    return oldest | {
        "waiting": Counted(line.order_by(*turn).values("pk")[:COUNTED]),
        "halted": Counted(halted.order_by(*turn).values("pk")[:COUNTED]),
        "oldest_halted": Subquery(halted.order_by(*turn).values("created_at")[:1]),
        "starts": LastRuns(started.values(run=moments)[:SAMPLE]),
    }


def _asked() -> dict[str, float]:
    """Jobs per minute that were asked for lately, by queue."""
    newest = Job.objects.order_by("-created_at", "-id").values_list("queue", "created_at")
    since = timezone.now() - SPAN
    found = [(queue, at) for queue, at in newest[:ASKED] if at >= since]
    if not found:
        return {}
    span = _span([at for _queue, at in found], ASKED)
    return {queue: n / span for queue, n in Counter(queue for queue, _at in found).items()}


def _pace(moments: list[datetime], most: int) -> float:
    recent = [at for at in moments if at >= timezone.now() - SPAN]
    return len(recent) / _span(recent, most) if recent else 0.0


def _span(moments: list[datetime], most: int) -> float:
    """Minutes that these moments tell of: all that is looked at, unless there are more."""
    whole = SPAN.total_seconds() / 60
    if len(moments) < most:
        return whole
    return max((timezone.now() - min(moments)).total_seconds() / 60, 1 / 60)


def _moments(start: dict[str, str | None]) -> tuple[datetime | None, datetime | None]:
    return moment_of(start["queued"]), moment_of(start["started"])
