"""Out of line when their queue closes, and back into it when it opens: a batch in each
transaction, by the rows as they are then. Whatever happens in between, the next round of
the relay finds what is not where it belongs.
"""

import time
from collections.abc import Callable, Iterator

from django.db.models import Q
from django.db.models.functions import Now

from jobs.models import Job, JobQuerySet, is_paused
from jobs.states import State, WaitingFor

from .changes import move_and_tell
from .closed import read
from .entrance import enter

BATCH = 500
# How long one round may take; a million jobs take many.
MOST_SECONDS = 0.5

_LINE = Q(state=State.QUEUED) | Q(state=State.PENDING, waiting_for=WaitingFor.BROKER)
_HALTED = Q(state=State.PENDING, waiting_for=WaitingFor.QUEUE)


def step_aside(queue: str) -> int:
    """Have the first of a paused queue wait for it; how many."""
    first = _first(Job.objects.filter(_LINE, queue=queue, ring_at__isnull=False))
    aside = {"waiting_for": WaitingFor.QUEUE, "halted_at": Now()}
    return len(move_and_tell(first.filter(_LINE, is_paused()), State.PENDING, **aside))


def step_back(queue: str, *, rings: bool = True) -> int:
    """Let the first that waited for a queue go on; how many are not held by it any more."""
    first = _first(Job.objects.filter(_HALTED, queue=queue, halted_at__isnull=False))
    moved = enter(first.filter(_HALTED), rings=rings)
    return sum(job.waiting_for != WaitingFor.QUEUE for job in moved)


def settle() -> int:
    """One round of the relay; how many stepped."""
    closed, until = read(), time.monotonic() + MOST_SECONDS
    names = closed.paused
    if closed.is_frozen:
        names = frozenset(_names(Job.objects.filter(ring_at__isnull=False)))
    aside = sum(_all(step_aside, name, until) for name in sorted(names))
    if closed.is_frozen:
        return aside
    halted = {*_names(Job.objects.filter(halted_at__isnull=False))}
    opened = sorted(halted - closed.paused - closed.draining)
    return aside + sum(_all(_back, name, until) for name in opened)


def names_in_use() -> set[str]:
    """The queues in which jobs are ready."""
    line, halted = {"ring_at__isnull": False}, {"halted_at__isnull": False}
    return {name for its in (line, halted) for name in _names(Job.objects.filter(**its))}


def _back(queue: str) -> int:
    return step_back(queue, rings=False)


def _all(step: Callable[[str], int], queue: str, until: float) -> int:
    count, moved = 0, BATCH
    while moved >= BATCH and time.monotonic() < until:
        moved = step(queue)
        count += moved
    return count


def _first(chosen: JobQuerySet) -> JobQuerySet:
    """The same ones by their keys, in the order of their turn."""
    turn = chosen.order_by("-priority", "created_at", "pk").values_list("pk", flat=True)
    return Job.objects.filter(pk__in=list(turn[:BATCH]))


def _names(jobs: JobQuerySet) -> Iterator[str]:
    """Of the queues they are in, found by leaps."""
    names = jobs.order_by("queue").values_list("queue", flat=True)
    queue = names.first()
    while queue is not None:
        yield queue
        queue = names.filter(queue__gt=queue).first()
