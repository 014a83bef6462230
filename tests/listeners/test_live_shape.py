"""The shape of a job, as the API and a snapshot show it."""

import json
from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.urls import reverse

from jobs.models import Artifact, Job, Task
from jobs.models.shape import MOST_ARTIFACTS, job_shape

pytestmark = pytest.mark.django_db

# DESIGN: fields may be added, these stay.
FIELDS = {
    "id",
    "task",
    "state",
    "requested",
    "waiting_for",
    "reason",
    "params",
    "progress",
    "attempt",
    "max_attempts",
    "field_errors",
    "errors_count",
    "owner",
    "schedule",
    "due_at",
    "queue",
    "priority",
    "tags",
    "not_before",
    "expires_at",
    "created_at",
    "queued_at",
    "started_at",
    "finished_at",
    "worker",
    "result",
    "artifacts",
    "url",
}


@pytest.fixture
def job() -> Job:
    Task.objects.create(name="tests.add", title="Add")
    made = Job.objects.create(task_id="tests.add", max_retries=2)
    return Job.objects.get(pk=made.pk)


def test_all_promised_fields_are_there_and_travel_as_json(job: Job) -> None:
    shape = job_shape(job)
    assert shape.keys() >= FIELDS
    assert json.loads(json.dumps(shape)) == shape
    assert (shape["task"], shape["state"], shape["max_attempts"]) == ("tests.add", "queued", 3)
    assert shape["url"] == reverse("jobs:job", args=[job.pk])


def test_times_carry_their_zone(job: Job) -> None:
    assert datetime.fromisoformat(job_shape(job)["created_at"]).utcoffset() is not None


def test_progress_has_its_seven_fields_or_is_null(job: Job) -> None:
    assert job_shape(job)["progress"] is None
    job.progress = {"percent": 12.5, "current": 1, "total": 8, "n": 4, "attempt": 1}
    assert job_shape(job)["progress"] == {
        "percent": 12.5,
        "current": 1,
        "total": 8,
        "message": None,
        "step": None,
        "rate": None,
        "eta_seconds": None,
    }


def test_secrets_are_dots_wherever_they_lie(job: Job) -> None:
    job.params = {"a": {"$secret": "token"}, "b": [{"c": {"$secret": "token"}}], "d": "token?"}
    assert job_shape(job)["params"] == {
        "a": "••••••••",
        "b": [{"c": "••••••••"}],
        "d": "token?",
    }


def test_the_owner_is_named(job: Job) -> None:
    assert job_shape(job)["owner"] is None
    job.owner = User.objects.create_user("ana")
    shape = job_shape(job)
    assert (shape["owner"], shape["owner_id"]) == ("ana", job.owner.pk)


def test_files_are_listed_up_to_a_limit_and_counted_exactly(job: Job) -> None:
    files = [
        Artifact(job=job, name=f"{n}.png", file=ContentFile(b"x", "x"), size=n)
        for n in range(MOST_ARTIFACTS + 2)
    ]
    for file in files:
        file.file.name = "nowhere"
    Artifact.objects.bulk_create(files)
    shape = job_shape(job)
    assert len(shape["artifacts"]) == MOST_ARTIFACTS
    assert shape["artifacts_count"] == MOST_ARTIFACTS + 2
    assert shape["artifacts"][0].keys() >= {"id", "kind", "name", "content_type", "size", "url"}
