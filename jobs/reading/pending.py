"""What waits, and why, in a few lines however much it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from jobs.models import Job, JobQuerySet, Worker
from jobs.states import State, WaitingFor

from .listing import COUNTED


@dataclass(frozen=True)
class Pending:
    """Jobs that wait for one thing."""

    state: str
    why: str
    count: int
    queues: tuple[tuple[str, int], ...]
    """In which queues they are, those with most first."""
    oldest_at: datetime
    next_at: datetime | None
    """When the first of them is due, where it is a matter of time."""
    waiting_for: str = ""
    """By what the list finds them, where they are pending."""
    is_stuck: bool = False
    """Whether nothing will change by itself."""


def pending(jobs: JobQuerySet) -> list[Pending]:
    """What those of `jobs` wait for that have not started, the largest part first. Of a
    backlog only `COUNTED` are looked at."""
    some = jobs.waiting().order_by().values("pk")[: COUNTED + 1]
    kinds = Job.objects.filter(pk__in=some).order_by()
    rows = kinds.values("state", "waiting_for", "queue").annotate(
        n=Count("pk"), oldest=Min("created_at"), next=Min("not_before")
    )
    by_reason: dict[tuple[str, str], list[Any]] = {}
    taken = _taken()
    for row in rows:
        by_reason.setdefault((row["state"], _reason(row, taken)), []).append(row)
    found = [_pending(state, reason, rows) for (state, reason), rows in by_reason.items()]
    return sorted(found, key=lambda each: (not each.is_stuck, -each.count))


_UNSERVED = "unserved"


def _taken() -> set[str]:
    """The queues that some worker takes from now."""
    workers = Worker.objects.with_health()
    return {queue for worker in workers if worker.takes for queue in worker.queues}


def _reason(row: Any, taken: set[str]) -> str:
    is_unserved = row["state"] == State.QUEUED and row["queue"] not in taken
    return _UNSERVED if is_unserved else str(row["waiting_for"])


def _pending(state: str, reason: str, rows: list[Any]) -> Pending:
    queues = sorted(((row["queue"], row["n"]) for row in rows), key=lambda each: -each[1])
    moments = [row["next"] for row in rows if row["next"]]
    is_timed = state == State.RETRYING or reason == WaitingFor.TIME
    return Pending(
        state=state,
        why=_why(state, reason),
        count=sum(row["n"] for row in rows),
        queues=tuple(queues),
        oldest_at=min(row["oldest"] for row in rows),
        next_at=min(moments) if moments and is_timed else None,
        waiting_for=reason if state == State.PENDING else "",
        is_stuck=reason in (_UNSERVED, WaitingFor.TASK, WaitingFor.BROKER, WaitingFor.QUEUE),
    )


def _why(state: str, reason: str) -> str:
    if reason == _UNSERVED:
        return _("No worker takes from their queue")
    if state == State.QUEUED:
        return _("In line for a worker")
    if state == State.RETRYING:
        return _("Tried again later")
    if state == State.PAUSED:
        return _("Paused by a person")
    told = _REASONS.get(reason)
    return told() if told else _("On their way to the broker")


_REASONS: dict[str, Callable[[], str]] = {
    WaitingFor.START: lambda: _("Held until a person starts them"),
    WaitingFor.TIME: lambda: _("Wait for their time"),
    WaitingFor.SLOT: lambda: _("Wait for a free slot of their task"),
    WaitingFor.RATE: lambda: _("Wait for the rate limit of their task"),
    WaitingFor.QUEUE: lambda: _("Their queue is paused"),
    WaitingFor.TASK: lambda: _("Their task is disabled"),
    WaitingFor.UPSTREAM: lambda: _("Wait for jobs before them"),
    WaitingFor.BROKER: lambda: _("The broker cannot be reached"),
}
