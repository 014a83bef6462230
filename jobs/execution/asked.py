"""A job that a person asks for by a form, on our pages and in the admin: sent twice, it is
one job."""

from typing import Any, NamedTuple

from django.core import signing
from django.db import IntegrityError

from jobs import permissions
from jobs.dispatch.enqueue import enqueue
from jobs.models import Job, Task, new_id
from jobs.params import Invalid

from . import control

_SALT = "jobs.asked"
TICKET = "job-ticket"
"""The field that carries it: with a hyphen, so that no parameter has that name."""


class Found(NamedTuple):
    """What the person is led to."""

    job_id: str
    was_there: bool = False
    """Another job is like the one that was asked for, and was there before."""


def asked(
    task: Task, form: Any, user: permissions.Person, ticket: str, earlier: Job | None = None
) -> Found | None:
    """The job that was asked for; None when `form` now holds errors.

    The ticket is the id of the job to come, signed for this person: sent twice (a
    double click, a reload) it finds its job, which is then the answer.
    """
    job_id = ticket_id(ticket, user)
    if permissions.jobs(user).filter(pk=job_id).exists():
        return Found(job_id)
    if not form.is_valid():
        return None
    try:
        if earlier and runs_again(user, earlier):
            order = control.Order(user)
            given = form.given()
            return Found(control.retry(earlier, order, params=given, job_id=job_id).pk)
        job = enqueue(task.name, form.given(), by=user, asker=user, job_id=job_id)
        return Found(job.pk, was_there=job.pk != job_id)
    except Invalid as invalid:
        form.take(invalid)
        return None
    except IntegrityError:
        if permissions.jobs(user).filter(pk=job_id).exists():
            return Found(job_id)
        raise


def runs_again(user: permissions.Person, earlier: Job | None) -> bool:
    """Whether what is asked for is a run of that job with edits, and linked to it."""
    return bool(earlier and earlier.is_final and permissions.may(user, "control", earlier))


def ticket(user: permissions.Person) -> str:
    """What the form carries so that it counts once."""
    return signing.dumps([str(user.pk), new_id()], salt=_SALT)


def ticket_id(ticket: str, user: permissions.Person) -> str:
    """The id that a form carried; a new one where it is not this person's."""
    try:
        owner, job_id = signing.loads(ticket, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return new_id()
    return job_id if owner == str(user.pk) else new_id()
