"""What people do to queues as a whole: close them, open them again, or freeze all that is.

A verb changes one row and writes one event. What stands in line steps aside and comes back
by the rows as they are then, so a queue of a million jobs holds up nobody.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from jobs.dispatch import closed
from jobs.dispatch.stepping import step_aside, step_back
from jobs.models import Event, Flow, Queue
from jobs.params import Invalid

from .order import Order


def pause(name: str, order: Order) -> bool:
    """Let no job of the queue start; those that run go on. False when it was so already."""
    with transaction.atomic():
        done = _turn(name, Flow.PAUSED, "pause_queue", order)
        if done:
            step_aside(name)
    return done


def drain(name: str, order: Order) -> bool:
    """Take in nothing new: what stands in line still runs, what comes waits. False when it
    was so already."""
    return _turn(name, Flow.DRAINING, "drain_queue", order)


def resume(name: str, order: Order) -> bool:
    """Open a queue that was paused or drained; False when it was open."""
    with transaction.atomic():
        done = _turn(name, Flow.OPEN, "resume_queue", order)
        if done:
            step_back(name)
    return done


def freeze(order: Order) -> bool:
    """Let nothing start anywhere, and no schedule fire; False when it was so already. Needs
    a reason, else Invalid."""
    if not order.reason.strip():
        raise Invalid({"reason": [_("Say why; the reason is kept.")]})
    return _turn(Queue.ALL, Flow.PAUSED, "freeze", order)


def unfreeze(order: Order) -> bool:
    """Undo that: each queue and each schedule is as it was, or as it was made meanwhile."""
    return _turn(Queue.ALL, Flow.OPEN, "unfreeze", order)


def _turn(name: str, flow: Flow, verb: str, order: Order) -> bool:
    with transaction.atomic():
        Queue.objects.note([name])
        row = Queue.objects.select_for_update(of=("self",)).get(pk=name)
        if not row.turn(flow, order.by, order.reason):
            return False
        note(verb, name, order, {"state": row.flow}, {"state": flow})
    # Not for the second that this process would still believe otherwise.
    closed.forget()
    return True


def note(verb: str, name: str, order: Order, before: Any, after: Any) -> None:
    """Write down what somebody did to a queue."""
    Event.objects.create(
        subject=name,
        actor_id=getattr(order.by, "pk", None),
        verb=verb,
        before=before,
        after=after,
        reason=order.reason,
    )
