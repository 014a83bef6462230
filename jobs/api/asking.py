"""What is said of a job that was just asked for."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from jobs.models import Job
from jobs.models.shape import address
from jobs.params import Invalid

from .answers import answer
from .errors import Refusal, invalid


def asked(job: Job, status: int = 202) -> HttpResponse:
    """The answer, which leads to the job."""
    place = reverse("jobs:api:job", args=[job.pk])
    return answer(asked_shape(job), status, Location=place)


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
    return invalid({f"params.{name}".rstrip("."): told for name, told in wrong.fields.items()})
