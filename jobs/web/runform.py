"""The form that asks for a job: offered, filled, sent once."""

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import IntegrityError
from django.forms import Form
from django.http import HttpRequest, QueryDict

from jobs import permissions, registry
from jobs.dispatch.enqueue import enqueue
from jobs.execution import control
from jobs.models import Job, Task, new_id
from jobs.params import Invalid
from jobs.registry import Definition

from . import given
from .prefill import NEW, prefilled

_SALT = "jobs.web.runform"
TICKET = "job-ticket"
"""The field that carries it: with a hyphen, so that no parameter has that name."""


AGAIN = "job-from"
"""The field that names the job that is run again with edits."""


@dataclass(frozen=True)
class Offer:
    """A form to be filled, and where its first values come from."""

    form: Any = None
    """None when the task cannot run."""
    again: Job | None = None
    """The job that is run again with edits."""
    remembered: Job | None = None
    """The person's own last job, of which it remembers the values."""
    is_refused: bool = False
    """Whether something in the address could not be taken."""


def offered(task: Task, user: permissions.Person, query: QueryDict) -> Offer:
    """Filled from another job, or from the address, or else from the person's last one."""
    definition = _definition(task)
    if definition is None:
        return Offer()
    wanted = prefilled(definition.parameters, query)
    again = earlier(task, user, query.get("from", ""))
    like = again or earlier(task, user, query.get("like", ""))
    last = None if like or wanted or NEW in query else _own_last(task, user)
    source = like or last
    initial = given.values_of(source) if source else {}
    kept = given.files_of(user, like) if like else {}
    form = definition.parameters.form(initial=initial | wanted.values, kept=kept)
    if errors := wanted.errors or (like and like.field_errors):
        form.warn(errors)
    return Offer(form, again, last, bool(wanted.errors))


def _own_last(task: Task, user: permissions.Person) -> Job | None:
    """Asked for by hand: what a schedule gives is nobody's habit."""
    mine = permissions.jobs(user).filter(owner=user.pk, task=task.name, schedule=None)
    return mine.order_by("-created_at", "-id").first()


def filled(
    task: Task, user: permissions.Person, sent: HttpRequest, earlier: Job | None
) -> Form | None:
    """The form as a person sent it; None when the task cannot run. Files of `earlier`
    that were not replaced are given again."""
    definition = _definition(task)
    if definition is None:
        return None
    kept = given.files_of(user, earlier) if earlier else {}
    return definition.parameters.form(sent.POST, sent.FILES, kept=kept)


def earlier(task: Task, user: permissions.Person, job_id: str) -> Job | None:
    """The job that the form is filled from."""
    key = job_id.replace("\x00", "")  # no database takes it
    return permissions.jobs(user).filter(pk=key, task=task.name).first() if key else None


def runs_again(user: permissions.Person, earlier: Job | None) -> bool:
    """Whether what is asked for is a run of that job with edits, and linked to it."""
    return bool(earlier and earlier.is_final and permissions.may(user, "control", earlier))


def asked(
    task: Task, form: Any, user: permissions.Person, ticket: str, earlier: Job | None = None
) -> str | None:
    """The id of the job that was asked for; None when `form` now holds errors.

    The ticket is the id of the job to come, signed for this person: sent twice (a
    double click, a reload) it finds its job, which is then the answer.
    """
    job_id = ticket_id(ticket, user)
    if permissions.jobs(user).filter(pk=job_id).exists():
        return job_id
    if not form.is_valid():
        return None
    try:
        if earlier and runs_again(user, earlier):
            order = control.Order(user)
            return control.retry(earlier, order, params=form.given(), job_id=job_id).pk
        return enqueue(task.name, form.given(), by=user, job_id=job_id).pk
    except Invalid as invalid:
        form.take(invalid)
        return None
    except IntegrityError:
        if permissions.jobs(user).filter(pk=job_id).exists():
            return job_id
        raise


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


def _definition(task: Task) -> Definition | None:
    if not task.is_runnable:
        return None
    try:
        return registry.get(task.name)
    except registry.UnknownTask:  # known to other processes only
        return None
