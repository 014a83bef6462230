"""What a closed queue does to a job that waits: who closed it, when, and why."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.models import Queue
from jobs.states import State, WaitingFor

from .check import Case, Check, called, joined


def queue(case: Case) -> Iterator[Check]:
    """Whoever may see the job may know what its queue does; only some may open it."""
    job = case.job
    if job.waiting_for != WaitingFor.QUEUE and job.state != State.QUEUED:
        return
    its = Q(name=job.queue) | Q(name=Queue.ALL)
    closed = [*Queue.objects.closed().filter(its).select_related("changed_by")]
    for row in closed:
        if row.is_paused or job.waiting_for == WaitingFor.QUEUE:
            yield _shut(case, row)
    if job.waiting_for == WaitingFor.QUEUE and not closed:
        words, detail = _("Its queue is open again"), _("it steps into line in a moment")
        yield Check(words, detail, None, "i-clock", because=words + ".")


def _shut(case: Case, row: Queue) -> Check:
    words = _("Its queue “%(queue)s” is paused") % {"queue": row.name}
    if row.name == Queue.ALL:
        words = _("Everything is frozen")
    elif row.is_draining:
        words = _("Its queue “%(queue)s” is drained: nothing new steps in") % {
            "queue": row.name
        }
    said = _("“%(reason)s”") % {"reason": row.reason} if row.reason else ""
    whose = _("by %(name)s") % {"name": called(row.changed_by)} if row.changed_by else ""
    may = permissions.may_control_queues(case.user)
    hint = "" if may else _("who controls queues can open it")
    return Check(
        words,
        joined(": ".join(filter(None, [whose, said])), hint),
        False,
        "i-pause",
        at=row.changed_at,
        because=words + ".",
        queue=row.name if may else "",
    )
