"""The verbs on one job."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls.converters import StringConverter
from django.utils.translation import gettext as _
from ninja import Router

from jobs import permissions, registry
from jobs.execution import control, many
from jobs.execution.order import Order
from jobs.models import Job, JobQuerySet, Scope
from jobs.models.shape import job_shape
from jobs.params import Invalid

from . import shapes
from .answers import answer
from .asking import asked, wrong_params
from .auth import CONTROL, person, scoped
from .errors import CONFLICT, conflict, may_answer
from .kinds import Given, Reason

PLAIN = ("start", "pause", "resume", "cancel", "terminate", "fail")

AGAIN = scoped(Scope.CONTROL, Scope.RUN)


class VerbConverter(StringConverter):
    """One of the verbs that need nothing but a reason."""

    regex = "|".join(PLAIN)


router = Router(tags=["jobs"])


class Because(Given):
    reason: Reason = ""


@router.post(
    "/jobs/{key:job_id}/{verb:verb}",
    auth=CONTROL,
    response=may_answer(shapes.JobOut, others=CONFLICT),
    summary="Do a verb",
)
def act(
    request: HttpRequest, job_id: str, verb: str, given: Because | None = None
) -> HttpResponse:
    """`start`, `pause`, `resume`, `cancel`, `terminate` or `fail` one job; 409 when it is in
    no state for that. The answer is the job as it is then."""
    job = permissions.job(person(request), "control", job_id)
    do(request, job, verb, given.reason if given else "")
    return answer(job_shape(permissions.job(person(request), "view", job_id)))


def do(request: HttpRequest, job: Job, verb: str, reason: str) -> None:
    """Carry a verb out on one job, unless it is in no state for it: then a Refusal."""
    able = _only(request, job).filter(many.ABLE[verb])
    if not getattr(control, verb)(able, Order(person(request), reason)):
        job.refresh_from_db(fields=["state", "requested"])
        raise conflict("wrong_state", _wrong_state(job))


def _only(request: HttpRequest, job: Job) -> JobQuerySet:
    return permissions.jobs(person(request), "control").filter(pk=job.pk)


def _wrong_state(job: Job) -> str:
    if job.requested:
        told = _("The job is %(state)s and was asked to %(requested)s; nothing was changed.")
        return told % {"state": job.state, "requested": job.requested}
    return _("The job is %(state)s; nothing was changed.") % {"state": job.state}


class Again(Because):
    """Parameters that differ; without them the very same, secrets and files among them."""

    params: dict[str, Any] | None = None


@router.post(
    "/jobs/{key:job_id}/retry",
    auth=AGAIN,
    response=may_answer(shapes.Asked, 202, CONFLICT),
    summary="Run again",
)
def retry(request: HttpRequest, job_id: str, given: Again | None = None) -> HttpResponse:
    """A new job like one that has ended, linked to it."""
    given = given or Again()
    job = _to_run_again(request, job_id)
    return _again(request, job, given.reason, params=given.params)


@router.post(
    "/jobs/{key:job_id}/continue",
    auth=AGAIN,
    response=may_answer(shapes.Asked, 202, CONFLICT),
    summary="Run again from its checkpoint",
)
def go_on(request: HttpRequest, job_id: str, given: Because | None = None) -> HttpResponse:
    """A new job that begins where one that has ended stood last."""
    job = _to_run_again(request, job_id)
    if job.checkpoint is None:
        raise conflict("no_checkpoint", _("The job left no checkpoint."))
    return _again(request, job, given.reason if given else "", from_checkpoint=True)


def _to_run_again(request: HttpRequest, job_id: str) -> Job:
    """The job, if one may control it and run its task."""
    job = permissions.job(person(request), "control", job_id)
    if not permissions.tasks(person(request), "run").filter(pk=job.task_id).exists():
        raise PermissionDenied
    return job


def _again(request: HttpRequest, job: Job, reason: str, **how: Any) -> HttpResponse:
    if not job.is_final:
        raise conflict("wrong_state", _wrong_state(job))
    try:
        return asked(control.retry(job, Order(person(request), reason), **how))
    except Invalid as wrong:
        raise wrong_params(wrong) from None
    except registry.UnknownTask:
        raise conflict("unknown_task", _("Nothing here knows its task.")) from None
