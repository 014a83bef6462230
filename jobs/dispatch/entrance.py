"""The one door into the queues: whoever is not to run yet waits before it, and why.

In this order: held for a person, its task disabled, not due, its queue closed, and limited.
What waits for a limit is let in by `admission` alone; nothing else moves a row into
State.QUEUED.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.db.models.functions import Cast, Coalesce, Now
from django.utils import timezone

from jobs.conf import configuration
from jobs.models import Job, JobQuerySet, Task
from jobs.states import State, WaitingFor

from . import closed, window
from .changes import FACTS, tell_on_commit
from .message import COLUMNS
from .policy import Policy, limited, policy_of
from .publisher import ring_on_commit, soon

# Of many at once; the others the relay rings for, within a second.
RUNG_AT_ONCE = 100
# Made once, so that it is the same in each INSERT.
NOW = Now()
IN_LINE = (WaitingFor.SLOT, WaitingFor.RATE)


def place_of(draft: Job, *, hold: bool = False) -> tuple[State, str]:
    """Where a job begins that has no row yet."""
    policy = policy_of(draft.task_id)
    why = _obstacle(draft, policy, hold)
    return (State.PENDING, why) if why else (State.QUEUED, "")


def _obstacle(draft: Job, policy: Policy, hold: bool) -> str:
    if hold:
        return WaitingFor.START
    if not policy.enabled:
        return WaitingFor.TASK
    if draft.not_before is not None and draft.not_before > timezone.now():
        return WaitingFor.TIME
    if closed.closed().keeps_out(draft):
        return WaitingFor.QUEUE
    return waits_in_line(policy) if policy.is_limited else ""


def line_up(draft: Job) -> None:
    """Where it waits for a limit, it does so in its line; for its queue, since now."""
    if draft.waiting_for in IN_LINE:
        draft.line, draft.lined_at = draft.line or draft.task_id, NOW
    elif draft.waiting_for == WaitingFor.QUEUE:
        draft.halted_at = NOW


def waits_in_line(policy: Policy) -> WaitingFor:
    """What a job of a limited task waits for, as far as is known before its turn."""
    is_timed = policy.rate and not (policy.max_running or policy.max_running_per_key)
    return WaitingFor.RATE if is_timed else WaitingFor.SLOT


def enter(chosen: JobQuerySet, *, rings: bool = True, **columns: Any) -> list[Job]:
    """Put the chosen jobs into their queues (again), or where they have to wait before; those
    moved, with `FACTS` loaded. `columns` are written into all of them; none may be one that
    decides. With `rings` the messages are sent on commit, else by the relay."""
    moved = chosen.place_returning({*FACTS, *COLUMNS}, **_places(rings), **columns)
    return greet(moved, rings=rings)


def greet(jobs: list[Job], *, rings: bool = True) -> list[Job]:
    """Tell of jobs that were just let in, and ring for those that have room."""
    if rings:
        _ring([job for job in jobs if job.state == State.QUEUED])
    for job in jobs:
        tell_on_commit(job)
    return jobs


def _ring(queued: list[Job]) -> None:
    left = []
    for place, job in enumerate(queued):
        if place < RUNG_AT_ONCE and window.admits(job.queue):
            ring_on_commit(job)
        else:
            left.append(job.pk)
    if left:
        Job.objects.filter(pk__in=left, state=State.QUEUED).update(ring_at=Now())


def _places(rings: bool) -> dict[str, Any]:
    """The columns of each row by what stands in its way, in the order of `place_of`."""
    obstacles = _obstacles()
    lined = [(waits, why) for waits, why in obstacles if why in IN_LINE]
    at = soon() if rings else Now()
    return {
        "state": _first(obstacles, lambda why: Value(State.PENDING), Value(State.QUEUED)),
        "waiting_for": _first(obstacles, Value, Value("")),
        "queued_at": _first(obstacles, lambda why: F("queued_at"), Now()),
        "ring_at": _first(obstacles, lambda why: Value(None), at),
        "line": _first(lined, lambda why: Coalesce(F("line"), F("task_id")), F("line")),
        "lined_at": _first(obstacles, _since, Cast(Value(None), DateTimeField())),
        "halted_at": _first(obstacles, _halted, Cast(Value(None), DateTimeField())),
        "admitted_at": None,
    }


def _obstacles() -> list[tuple[Q, str]]:
    disabled = Task.objects.filter(enabled=False).values("pk")
    policies = {name: policy_of(name) for name in limited()}
    by_reason = {
        why: [name for name, policy in policies.items() if waits_in_line(policy) == why]
        for why in IN_LINE
    }
    kept_out = closed.read().kept_out
    everything = configuration().max_concurrent_jobs > 0
    return [
        (Q(task__in=disabled), WaitingFor.TASK),
        (Q(not_before__gt=Now()), WaitingFor.TIME),
        *([(kept_out, WaitingFor.QUEUE)] if kept_out else []),
        (Q(task__in=by_reason[WaitingFor.RATE]), WaitingFor.RATE),
        (Q(task__in=by_reason[WaitingFor.SLOT]), WaitingFor.SLOT),
        *([(Q(pk__isnull=False), WaitingFor.SLOT)] if everything else []),
    ]


def _since(why: str) -> Any:
    # PostgreSQL takes an expression of nothing but NULL for a text.
    return Now() if why in IN_LINE else Cast(Value(None), DateTimeField())


def _halted(why: str) -> Any:
    return Now() if why == WaitingFor.QUEUE else Cast(Value(None), DateTimeField())


def _first(obstacles: list[tuple[Q, str]], then: Callable[[str], Any], default: Any) -> Case:
    """By the first obstacle that a row has."""
    return Case(*(When(waits, then=then(why)) for waits, why in obstacles), default=default)
