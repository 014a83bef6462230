"""The verbs on one job."""

from typing import Literal, TypeAlias, get_args

from django.http import HttpRequest, HttpResponse
from django.urls.converters import StringConverter
from django.utils.translation import gettext as _
from ninja import Router

from jobs import permissions
from jobs.execution import control, many
from jobs.execution.order import Order
from jobs.models import Job, JobQuerySet
from jobs.models.shape import job_shape

from . import shapes
from .answers import answer
from .auth import CONTROL, person
from .errors import CONFLICT, conflict, may_answer
from .kinds import Body, Reason

Verb: TypeAlias = Literal["start", "pause", "resume", "cancel", "terminate", "fail"]


class VerbConverter(StringConverter):
    """One of the verbs that need nothing but a reason."""

    regex = "|".join(get_args(Verb))


router = Router(tags=["jobs"])


class Because(Body):
    reason: Reason = ""


@router.post(
    "/jobs/{key:job_id}/{verb:verb}",
    auth=CONTROL,
    response=may_answer(shapes.JobOut, others=CONFLICT),
    summary="Do a verb",
)
def act(
    request: HttpRequest, job_id: str, verb: Verb, given: Because | None = None
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
        raise conflict("wrong_state", wrong_state(job))


def _only(request: HttpRequest, job: Job) -> JobQuerySet:
    return permissions.jobs(person(request), "control").filter(pk=job.pk)


def wrong_state(job: Job) -> str:
    if job.requested:
        told = _("The job is %(state)s and was asked to %(requested)s; nothing was changed.")
        return told % {"state": job.state, "requested": job.requested}
    return _("The job is %(state)s; nothing was changed.") % {"state": job.state}
