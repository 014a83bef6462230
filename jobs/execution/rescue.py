"""Jobs whose time ran out: overdue before they began, held by a worker that died, or
asked to stop and deaf to it."""

from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from jobs.conf import configuration
from jobs.models import Job, JobQuerySet, OnLost
from jobs.states import State

from .finish import finish, lose
from .mark import is_surely_dead, machine
from .outcome import Ending

BATCH = 500
# The control command by which a worker ends one attempt.
TERMINATE = "batuta_terminate"


def expire_due() -> int:
    """End the jobs that nobody started before their `expires_at`; how many."""
    overdue = Job.objects.waiting().filter(expires_at__lte=Now())
    some = overdue.filter(pk__in=list(overdue.values_list("pk", flat=True)[:BATCH]))
    return len(finish(some, Ending(State.EXPIRED, _("It was not started in time."))))


def reap_lost() -> int:
    """Take the jobs from workers whose lease ran out, by the database's clock; how many."""
    dead = Job.objects.active().filter(lease_expires_at__lt=Now())
    rows = list(dead.only("id", "lease", "worker")[:BATCH])
    return sum(_reap(job) for job in rows)


def _reap(job: Job) -> bool:
    reason = _("Its worker %(worker)s was not heard of for %(seconds)g s.") % {
        "worker": job.worker,
        "seconds": configuration().lease_seconds,
    }
    late = Job.objects.filter(pk=job.pk, lease_expires_at__lt=Now())
    return _lose(late.held_by(job.lease or ""), reason)


def reap_dead() -> int:
    """Take at once the jobs of processes of this machine that are dead beyond doubt; how
    many. What would not run again keeps its lease: a pool process may have outlived its
    parent, and may still bring it to its end."""
    held = Job.objects.active().filter(on_lost=OnLost.RETRY, lease__startswith=machine())
    dead = [
        job for job in held.only("id", "lease", "worker") if is_surely_dead(job.lease or "")
    ]
    return sum(_reap_dead(job) for job in dead)


def _reap_dead(job: Job) -> bool:
    reason = _("Its worker %(worker)s died.") % {"worker": job.worker}
    return _lose(Job.objects.filter(pk=job.pk).held_by(job.lease or ""), reason)


def _lose(chosen: JobQuerySet, reason: str) -> bool:
    failure = Ending(State.FAILED, reason, exception=WorkerLost(reason))
    return lose(chosen, failure, max_lost=configuration().max_lost)


def terminate_deaf(app: Any) -> int:
    """Have workers end the attempts that did not obey within their grace; how many. Said
    again at each round until it is done: a broadcast may be lost."""
    grace = F("grace")
    deaf = Job.objects.active().filter(requested_at__lt=Now() - grace)
    leases = list(deaf.values_list("lease", flat=True)[:BATCH])
    for lease in leases:
        app.control.broadcast(TERMINATE, arguments={"lease": lease})
    return len(leases)


class WorkerLost(Exception):
    """The worker of an attempt is gone."""
