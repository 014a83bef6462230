"""The edit of a job: all of it before it starts, what is written on it at any time."""

from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from pydantic import Field, Strict

from jobs import permissions, registry
from jobs.execution import control
from jobs.execution.edit import HIGHEST, LOWEST
from jobs.execution.order import Order
from jobs.models import Job, JobQuerySet, Scope
from jobs.models.shape import job_shape
from jobs.params import Invalid
from jobs.states import WAITING, State, WaitingFor

from . import shapes
from .answers import answer
from .auth import CONTROL, person, require
from .errors import CONFLICT, conflict, invalid, may_answer
from .jobs import router
from .kinds import Body, Key, Moment, Reason, Tags
from .verbs import do

# For clients that set a state: the verb that leads there. Nothing is written into the
# column by anybody.
_VERBS = {
    State.FAILED: "fail",
    State.CANCELLED: "cancel",
    State.PAUSED: "pause",
    State.QUEUED: "resume",
    State.RUNNING: "resume",
}


class Placing(Body):
    """Where and when it runs; null lifts a time."""

    queue: Key = ""
    priority: int = Field(5, ge=LOWEST, le=HIGHEST)
    not_before: Moment | None = None
    expires_at: Moment | None = None

    def changes(self) -> dict[str, Any]:
        """What was given, null among it."""
        return {name: getattr(self, name) for name in Placing.model_fields if self._says(name)}

    def words(self) -> dict[str, Any]:
        """What is written on it, which may be at any time."""
        return {name: getattr(self, name) for name in ("tags", "note") if self._says(name)}

    def _says(self, name: str) -> bool:
        return name in self.model_fields_set


class Change(Placing):
    """Only what is given is changed. `status` is for clients that set a state, and alone."""

    tags: Tags = []
    note: Reason = ""
    params: dict[str, Any] | None = None
    status: Annotated[State, Strict(False)] | None = None
    reason: Reason = ""


@router.patch(
    "/jobs/{key:job_id}",
    auth=CONTROL,
    response=may_answer(shapes.JobOut, others=CONFLICT),
    summary="Edit a job",
)
def edit(request: HttpRequest, job_id: str, given: Change) -> HttpResponse:
    """Change a job that has not started; 409 when it has. Its `tags` and its `note` may be
    changed at any time. `status` calls the verb that leads to it: `failed`, `cancelled`,
    `paused`, `queued` or `running`."""
    job = permissions.job(person(request), "control", job_id)
    if given.status is not None:
        _set_status(request, job, given)
    else:
        _change(request, job, given)
    return answer(job_shape(permissions.job(person(request), "view", job_id)))


def _set_status(request: HttpRequest, job: Job, given: Change) -> None:
    others = given.model_fields_set - {"status", "reason"}
    if others:
        raise invalid({name: [_("Give this or “status”.")] for name in sorted(others)})
    verb = _VERBS.get(given.status) if given.status else None
    if verb is None:
        raise invalid({"status": [_("No verb leads there.")]})
    if verb == "resume" and job.waiting_for == WaitingFor.START:
        verb = "start"
    do(request, job, verb, given.reason)


def _change(request: HttpRequest, job: Job, given: Change) -> None:
    _refuse_what_one_may_not(request, job, given)
    chosen = permissions.jobs(person(request), "control").filter(pk=job.pk)
    order = Order(person(request), given.reason)
    with transaction.atomic():  # all of it or nothing
        if words := given.words():
            control.annotate(chosen, order, **words)
        if given.changes() or given.params is not None:
            _edit(chosen, order, given)


def _edit(chosen: JobQuerySet, order: Order, given: Change) -> None:
    changes = given.changes()
    try:
        changed = control.edit(chosen, order, params=given.params, **changes)
    except Invalid as wrong:
        raise invalid(_fields(wrong, changes)) from None
    except registry.UnknownTask:
        raise conflict("unknown_task", _("Nothing here knows its task.")) from None
    if not changed and not chosen.filter(state__in=WAITING).exists():
        raise conflict("wrong_state", _("It has started: only what waits can be edited."))


def _refuse_what_one_may_not(request: HttpRequest, job: Job, given: Change) -> None:
    if given.params is None:
        if not given.changes() and not given.words():
            raise invalid({"": [_("Say what is to be changed.")]})
        return
    require(request, Scope.RUN)  # parameters run code
    if not permissions.tasks(person(request), "run").filter(pk=job.task_id).exists():
        raise PermissionDenied


def _fields(wrong: Invalid, changes: dict[str, Any]) -> dict[str, list[str]]:
    """A parameter may be called `queue` too; what is wrong with our own is told first."""
    if changes and set(wrong.fields) <= set(changes):
        return wrong.fields
    return {f"params.{name}".rstrip("."): told for name, told in wrong.fields.items()}
