"""What stands in a queue is taken out of it: cancelled, or moved to another one. A batch in
each transaction: a queue of a million jobs holds up nobody."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.models import Job, JobQuerySet
from jobs.params import Invalid
from jobs.states import State, WaitingFor

from . import control
from .edit import refuse_wrong
from .halt import note
from .many import PATIENCE
from .order import Order

_BATCH = 200
_WHY = (WaitingFor.QUEUE, WaitingFor.SLOT, WaitingFor.RATE, WaitingFor.BROKER)
READY = Q(state=State.QUEUED) | Q(state=State.PENDING, waiting_for__in=_WHY)
"""What would run now if there were room: held by no person, and due."""


@dataclass(frozen=True)
class Emptied:
    done: int
    left: int = 0
    """How many were not tried, for want of time."""


class MoreThanExpected(Exception):
    """There are more than the person saw; nothing was done."""

    def __init__(self, count: int) -> None:
        super().__init__(_("It would be done to %(n)s; nothing was done.") % {"n": count})
        self.count = count


def ready(queue: str) -> JobQuerySet:
    """The jobs that a purge would cancel."""
    return Job.objects.live().filter(READY, queue=queue)


def movable(queue: str) -> JobQuerySet:
    """The jobs that could be moved to another queue: whatever has not started, and why."""
    return Job.objects.waiting().filter(queue=queue)


def purge(queue: str, order: Order, *, expect: int) -> Emptied:
    """Cancel what is ready to run in the queue; nothing vanishes. Needs a reason, else
    Invalid; raises MoreThanExpected when there are more than `expect`."""
    if not order.reason.strip():
        raise Invalid({"reason": [_("Say why; the reason is kept.")]})
    found = ready(queue).filter(created_at__lte=timezone.now())
    if (count := found.count()) > expect:
        raise MoreThanExpected(count)
    done = _in_batches(found, lambda batch: control.cancel(batch.filter(READY), order))
    note("purge_queue", queue, order, {"count": count}, {"cancelled": done})
    return Emptied(done, found.count())


def move(
    queue: str,
    to: str,
    order: Order,
    *,
    ids: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
) -> Emptied:
    """Let what has not started wait in another queue: all of it, or those of `ids`, or of
    `tasks`. Raises params.Invalid for a queue that no task and no setting names."""
    if to == queue:
        raise Invalid({"to": [_("They are in this queue already.")]})
    try:
        refuse_wrong({"queue": to})
    except Invalid as reason:
        raise Invalid({"to": reason.fields["queue"]}) from None
    found = movable(queue).filter(created_at__lte=timezone.now())
    if ids is not None:
        found = found.filter(pk__in=ids)
    if tasks is not None:
        found = found.filter(task__in=tasks)
    done = _in_batches(found, lambda batch: control.edit(batch, order, queue=to))
    if done:
        note("move_queue", queue, order, {"queue": queue}, {"queue": to, "moved": done})
    return Emptied(done, found.count())


def _in_batches(found: JobQuerySet, act: Callable[[JobQuerySet], int]) -> int:
    until, done, last = time.monotonic() + PATIENCE, 0, ""
    while time.monotonic() < until:
        keys = found.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        batch = list(keys[:_BATCH])
        if not batch:
            break
        with transaction.atomic():
            done += act(Job.objects.filter(pk__in=batch))
        last = batch[-1]
    return done
