"""The form that asks for a job: offered and filled."""

from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import HttpRequest, QueryDict

from jobs import permissions, registry
from jobs.models import Job, Task
from jobs.registry import Definition

from . import given
from .prefill import NEW, prefilled

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


def _definition(task: Task) -> Definition | None:
    if not task.is_runnable:
        return None
    try:
        return registry.get(task.name)
    except registry.UnknownTask:  # known to other processes only
        return None
