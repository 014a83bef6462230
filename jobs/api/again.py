"""Jobs that ended, run again."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router

from jobs import permissions, registry
from jobs.execution import control
from jobs.execution.order import Order
from jobs.models import Job, Scope
from jobs.params import Invalid

from . import shapes
from .asking import asked, wrong_params
from .auth import person, scoped
from .errors import CONFLICT, conflict, may_answer
from .kinds import Key
from .verbs import Because, wrong_state
from .wishes import key_of, keyed

_AUTH = scoped(Scope.CONTROL, Scope.RUN)
_ASKED = may_answer(shapes.Asked, 202, CONFLICT | {200: shapes.Asked})

router = Router(tags=["jobs"])


class GoOn(Because):
    idempotency_key: Key | None = None


class Again(GoOn):
    """Parameters that differ; without them the very same, secrets and files among them."""

    params: dict[str, Any] | None = None


@router.post("/jobs/{key:job_id}/retry", auth=_AUTH, response=_ASKED, summary="Run again")
def retry(request: HttpRequest, job_id: str, given: Again | None = None) -> HttpResponse:
    """A new job like one that has ended, linked to it."""
    given = given or Again()
    return _again(request, job_id, given, params=given.params)


@router.post(
    "/jobs/{key:job_id}/continue",
    auth=_AUTH,
    response=_ASKED,
    summary="Run on from its checkpoint",
)
def go_on(request: HttpRequest, job_id: str, given: GoOn | None = None) -> HttpResponse:
    """A new job that begins where one that has ended stood last."""
    return _again(request, job_id, given or GoOn(), from_checkpoint=True)


def _again(request: HttpRequest, job_id: str, given: GoOn, **how: Any) -> HttpResponse:
    job = permissions.job(person(request), "control", job_id)
    if not permissions.tasks(person(request), "run").filter(pk=job.task_id).exists():
        raise PermissionDenied
    order = Order(person(request), given.reason)
    again, is_new = keyed(
        request,
        key_of(request, given.idempotency_key),
        {"again": job_id, **how},
        lambda new_id: _retried(job, order, job_id=new_id, **how),
    )
    return asked(request, again, is_new)


def _retried(job: Job, order: Order, **how: Any) -> Job:
    if not job.is_final:
        raise conflict("wrong_state", wrong_state(job))
    if how.get("from_checkpoint") and job.checkpoint is None:
        raise conflict("no_checkpoint", _("The job left no checkpoint."))
    try:
        return control.retry(job, order, **how)
    except Invalid as wrong:
        raise wrong_params(wrong) from None
    except registry.UnknownTask:
        raise conflict("unknown_task", _("Nothing here knows its task.")) from None
