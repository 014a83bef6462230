"""The task's own `validate`: what it refuses has failed, by field, and burnt no attempt."""

import pytest
from celery.result import AsyncResult

from jobs import Invalid, enqueue
from jobs.execution.claim import claim
from jobs.models import Job
from jobs.states import State
from tests.fitting_tasks import judged
from tests.verbs.trying import attempt

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


@pytest.mark.parametrize(
    ("how", "fields"),
    [
        ("invalid", {"how": ["Not so."], "": ["Not at all."]}),
        ("django", {"how": ["Not so."], "": ["Not at all."]}),
        ("django text", {"": ["Not at all."]}),
        ("value", {"": ["Not at all."]}),
        ("assertion", {"": ["AssertionError"]}),
    ],
)
def test_a_refusal_is_told_by_field_and_burns_no_attempt(how, fields):
    job = attempt(enqueue(judged, {"how": how}))
    assert (job.state, job.field_errors) == (State.FAILED, fields)
    assert (job.attempt, job.retries, job.attempts.count()) == (0, 0, 0)
    assert job.reason == "Its parameters do not fit the task."
    assert job.log_chunks.get().lines[0][2] == f"validating {how}"


def test_errors_of_pydantic_stand_at_their_fields():
    job = attempt(enqueue(judged, {"how": "pydantic"}))
    assert list(job.field_errors) == ["low"] and "integer" in job.field_errors["low"][0]


def test_what_went_wrong_in_the_validation_itself_is_told_as_that_and_not_tried_again():
    job = attempt(enqueue(judged, {"how": "bug"}))
    assert (job.state, job.error_type, job.field_errors) == (State.FAILED, "KeyError", None)
    assert (job.attempt, job.retries, job.attempts.count()) == (0, 0, 0)
    assert "nobody thought" in job.traceback


def test_what_is_valid_runs():
    job = attempt(enqueue(judged, {"how": "well"}))
    assert (job.state, job.result, job.attempt) == (State.COMPLETED, "well in attempt 1", 1)


def test_while_it_is_judged_the_state_says_so():
    job = enqueue(judged, {"how": "well"})
    claimed = claim(job.pk, judged.name, {"lease": "mine", "queues": ("celery",)})
    assert claimed is not None and claimed.state == State.VALIDATING
    assert Job.objects.get().state == State.VALIDATING


def test_no_secret_comes_out_of_a_refusal():
    job = attempt(enqueue(judged, {"how": "secret", "secret": "hunter2"}))
    assert job.field_errors == {"": ["not ••••"]}
    assert not [
        text for text in map(str, Job.objects.values().get().values()) if "hunter2" in text
    ]


def test_celery_hears_of_the_refusal():
    job = attempt(judged.delay("invalid"))
    with pytest.raises(Invalid, match="Not so"):
        AsyncResult(job.pk).get(timeout=5)
