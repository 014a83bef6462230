"""How long programs would wait for an answer, and how many at once."""

import pytest
from django.test import RequestFactory

from jobs.api import waiting
from jobs.models import Job
from jobs.states import State
from tests.doors import rows
from tests.doors.programs import Program


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("wait=5", 5),
        ("respond-async, wait=5", 5),
        ('respond-async; wait="7"', 7),
        ("wait=9999", waiting.MOST_SECONDS),
        ("wait=99999", 0),
        ("wait=-1", 0),
        ("wait=soon", 0),
        ("await=5", 0),
        ("wait", 0),
    ],
)
def test_the_header_is_read_as_far_as_it_can_be(header, seconds):
    request = RequestFactory().get("/", headers={"Prefer": header})
    assert waiting.seconds_of(request) == seconds


@pytest.mark.django_db
def test_a_job_that_has_ended_is_not_waited_for():
    root = Program(rows.user("root", is_superuser=True))
    rows.task()
    wish = {"params": {"x": 1}, "idempotency_key": "k"}
    job_id = root.post(f"/tasks/{rows.ADD}/jobs", wish).json()["id"]
    Job.objects.filter(pk=job_id).move(State.CANCELLED)
    answer = root.post(f"/tasks/{rows.ADD}/jobs", wish, Prefer="wait=30")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert answer["Preference-Applied"] == "wait=30"
    assert answer.json()["artifacts"] == []


@pytest.mark.django_db
def test_who_finds_no_seat_is_answered_at_once():
    job = rows.job()
    taken = [waiting._seats.acquire(blocking=False) for _seat in range(waiting.MOST_AT_ONCE)]
    try:
        assert all(taken) and not waiting.has_ended(job, waiting.MOST_SECONDS)
    finally:
        waiting._seats.release(len(taken))
