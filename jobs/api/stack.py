"""Where the function of a running job is: asked for, and read."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from jobs import permissions
from jobs.models import Stack
from jobs.models.shape import job_shape, moment

from . import shapes
from .answers import answer
from .auth import CONTROL, person
from .errors import CONFLICT, may_answer
from .verbs import Because, do

router = Router(tags=["jobs"])


@router.post(
    "/jobs/{key:job_id}/stack",
    auth=CONTROL,
    response=may_answer(shapes.JobOut, others=CONFLICT),
    summary="Ask for its stack",
)
def ask(request: HttpRequest, job_id: str, given: Because | None = None) -> HttpResponse:
    """Ask a running job where its function is; 409 when it does not run. Its process answers
    with its next report, within a second or two: then `GET` tells."""
    job = permissions.job(person(request), "control", job_id)
    do(request, job, "stack", given.reason if given else "")
    return answer(job_shape(permissions.job(person(request), "view", job_id)))


@router.get(
    "/jobs/{key:job_id}/stack", response=may_answer(shapes.StackOut), summary="Its stack"
)
def read(request: HttpRequest, job_id: str) -> HttpResponse:
    """Where its function was when somebody last asked. While `asked_at` is there an answer is
    still to come. All is null where nobody asked, and for who may not read tracebacks."""
    job = permissions.job(person(request), "view", job_id)
    may_read = permissions.may_read_traces(person(request), job)
    found = Stack.objects.filter(job=job).first() if may_read else None
    return answer(
        {
            "asked_at": moment(job.stack_asked_at) if may_read else None,
            "attempt": found.attempt if found else None,
            "taken_at": moment(found.taken_at) if found else None,
            "text": found.text if found else None,
        }
    )
