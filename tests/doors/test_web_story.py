"""What happened to a job: everything once, said by who knows most."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import Attempt, Event, Job
from jobs.states import State
from jobs.web.story import story

from . import desk, rows

pytestmark = pytest.mark.django_db


def told(job: Job) -> list[tuple[str, str]]:
    """Words and details, the newest first."""
    attempts = list(job.attempts.order_by("-number"))
    events = list(job.events.select_related("actor"))
    return [(each.words, each.detail) for each in story(job, attempts, events)]


def attempt(job: Job, number: int, ago: float, **columns: Any) -> None:
    at = timezone.now() - timedelta(seconds=ago)
    given = {"started_at": at - timedelta(seconds=5), "finished_at": at, "worker": "main@node"}
    Attempt.objects.create(job=job, number=number, **given | columns)


def test_a_failed_job_tells_its_end_once():
    job = rows.job(State.FAILED, ago=60, reason="It raised ValueError.")
    began = timezone.now() - timedelta(seconds=59)
    attempt(job, 1, 58, reason="It raised ValueError.", started_at=began)
    assert told(job) == [
        ("Failed", "It raised ValueError."),
        ("Attempt 1 started", "main@node"),
        ("Asked for", ""),
    ]


def test_earlier_attempts_tell_their_own_ends():
    job = rows.job(State.FAILED, ago=600, attempt=2, reason="It raised Declined.")
    attempt(job, 1, 300, reason="It raised Timeout.")
    attempt(job, 2, 598, reason="It raised Declined.")
    words = [words for words, _detail in told(job)]
    assert words.count("Failed") == words.count("Attempt 1 ended badly") == 1
    assert "Attempt 2 ended badly" not in words
    assert ("Attempt 1 ended badly", "It raised Timeout.") in told(job)


@pytest.mark.parametrize("state", [State.QUEUED, State.PAUSED, State.RETRYING])
def test_an_attempt_that_ended_and_will_be_followed_is_told_once(state):
    began = timezone.now() - timedelta(seconds=50)
    job = rows.job(state, ago=60, attempt=1, started_at=began, worker="main@node")
    attempt(job, 1, 10, reason="Its worker died.")
    words = [words for words, _detail in told(job)]
    assert words == ["Attempt 1 ended badly", "Attempt 1 started", "Asked for"]


def test_the_reason_of_a_person_stands_beside_the_person_only():
    olga = rows.user("olga")
    job = rows.job(State.CANCELLED, reason="wrong album")
    Event.objects.create(job=job, verb="cancel", actor=olga, reason="wrong album")
    assert sorted(told(job))[1:] == [("Cancel asked by", "wrong album"), ("Cancelled", "")]


def test_a_job_that_failed_without_words_tells_the_kind_of_error():
    job = rows.job(State.FAILED, error_type="ValueError")
    assert ("Failed", "ValueError") in told(job)


def test_a_fire_tells_of_which_schedule_and_for_which_moment():
    entry = desk.schedule("nightly")
    due = timezone.now().replace(2026, 8, 22, 14, 0, 0, 0)
    job = rows.job(State.QUEUED, schedule=entry, due_at=due)
    assert told(job) == [("Fired by the schedule nightly", "due at 2026-08-22 14:00:00 UTC")]
