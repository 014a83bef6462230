"""What is said of a job that was just asked for."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from jobs.dispatch.unique import NotUnique
from jobs.models import Job
from jobs.models.shape import address, job_shape
from jobs.params import Invalid

from .answers import answer
from .errors import Refusal, conflict, invalid
from .waiting import has_ended, seconds_of


def asked(request: HttpRequest, job: Job, is_new: bool) -> HttpResponse:
    """The answer, which leads to the job; or shows it whole, when the asker would wait for
    its end and it came."""
    headers = {"Location": reverse("jobs:api:job", args=[job.pk])}
    if seconds := seconds_of(request):
        headers["Preference_Applied"] = f"wait={seconds}"
        if has_ended(job, seconds):
            return answer(job_shape(job) | asked_shape(job), 200, **headers)
    return answer(asked_shape(job), 202 if is_new else 200, **headers)


def asked_shape(job: Job) -> dict[str, Any]:
    """Where the job is found; on the socket too."""
    return {
        "id": job.pk,
        "task_id": job.pk,
        "state": job.state,
        "url": address("jobs:job", job.pk),
        "ws_topic": f"job:{job.pk}",
    }


def wrong_params(wrong: Invalid) -> Refusal:
    """What is wrong with the parameters, on `params.<name>`."""
    if isinstance(wrong, NotUnique):
        return conflict("not_unique", wrong.reason)
    return invalid({f"params.{name}".rstrip("."): told for name, told in wrong.fields.items()})
