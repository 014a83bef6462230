"""Why is a queued job not taken? Its message, the workers, and those before it."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from jobs.execution.senseless import UNKNOWN
from jobs.models import Attempt, Code, Event, Job, Worker
from jobs.reading.waiting import Wait
from jobs.states import State
from jobs.web.sheet import Sheet
from tests.nouns.test_workers import FACTS

from . import rows
from .asking import in_, olga, panel, queued, serve, why

pytestmark = pytest.mark.django_db
__all__ = ["olga"]


def test_where_nobody_ever_served_the_queue_that_is_said(olga):
    assert why(olga, queued(queue="reports"))[0] == "Nobody serves the queue “reports”."
    serve(queues=["celery"])
    job = queued(queue="reports")
    assert why(olga, job)[1]["No worker takes from its queue"] is False
    assert "1 worker serves other queues" in panel(olga, job)


@pytest.mark.parametrize(
    ("facts", "silent", "said"),
    [
        ({"leaving_at": timezone.now()}, False, "main@node was told to end"),
        ({"is_connected": False}, False, "main@node has lost the broker"),
        ({}, True, "main@node is not heard of any more"),
    ],
)
def test_a_worker_that_cannot_take_is_named_with_its_cause(olga, facts, silent, said):
    serve(**facts)
    if silent:
        Worker.objects.update(heard_at=Now() - timedelta(minutes=2))
    job = queued()
    assert why(olga, job)[0] == "Nobody serves the queue “celery”."
    assert said in panel(olga, job)


def test_busy_workers_are_told_with_what_they_run_as_far_as_one_may_see(olga):
    serve(slots=2)
    mine = rows.job(State.RUNNING, worker="main@node")
    theirs = rows.job(State.RUNNING, task="others.secret", worker="main@node", lease="other")
    job = queued()
    headline, checks = why(olga, job)
    assert headline == "All workers of its queue are busy."
    assert checks["All 2 slots are busy"] is False
    html = panel(olga, job)
    assert reverse("jobs:job", args=[mine.pk]) in html
    assert theirs.pk not in html and "others.secret" not in html
    assert "and 1 job more" in html


def test_a_slot_with_a_task_that_is_no_job_is_busy_too(olga):
    serve(slots=1, others=1)
    job = queued()
    assert why(olga, job)[0] == "All workers of its queue are busy."
    assert "1 function runs that is no job, or no longer one" in panel(olga, job)


def test_what_runs_on_workers_of_other_queues_keeps_nobody_busy(olga):
    serve(slots=1)
    serve("slow@node", queues=["slow"], slots=1)
    rows.job(State.RUNNING, worker="slow@node", queue="slow")
    assert why(olga, queued())[0] == "A worker takes it in a moment."


def test_the_place_in_line_is_by_priority_and_then_by_time(olga):
    serve(slots=1)
    rows.job(State.RUNNING, worker="main@node")
    job = queued(priority=5, ago=60)
    for columns in (
        {"priority": 9, "ago": 5}, {"priority": 5, "ago": 90},
        {"priority": 5, "ago": 30}, {"priority": 1, "ago": 900}, {"queue": "slow", "ago": 900},
    ):  # fmt: skip
        queued(**columns)
    place = Sheet(olga, job).waits.place
    assert place is not None and (place.before, place.waiting) == (2, 5)
    assert why(olga, job)[1]["2 jobs go first"] is None
    assert "number 3 of 5" in panel(olga, job)


def test_of_two_asked_for_in_the_same_moment_one_goes_first(olga):
    serve(slots=1)
    jobs = [queued(), queued()]
    for when in (Now(), timezone.now().replace(microsecond=123_456)):
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(created_at=when)
        places = [Wait(olga, Job.objects.get(pk=job.pk)).place for job in jobs]
        assert sorted(place.before for place in places) == [0, 1]


def test_with_a_free_slot_and_nothing_before_it_it_is_about_to_run(olga):
    serve(slots=2)
    rows.job(State.RUNNING, worker="main@node")
    headline, checks = why(olga, queued())
    assert headline == "A worker takes it in a moment."
    assert {*checks.values()} == {True}
    assert "1 of 2 slots are free" in panel(olga, queued())


def test_a_message_that_was_lost_before_says_when_it_is_rung_again(olga):
    serve()
    job = queued(rings=2, ring_at=in_(31))
    assert why(olga, job)[1]["The relay rang 2 times for it"] is True
    html = panel(olga, job)
    assert "it rings again" in html and ">in 3" in html


def test_a_worker_that_does_not_know_the_task_is_named(olga):
    serve()
    job = queued(queued_at=in_(-60))
    Event.objects.create(job=job, verb=UNKNOWN, subject="main@node", reason="does not know")
    headline, checks = why(olga, job)
    assert headline.startswith("A worker of its queue does not know its task")
    assert checks["The worker main@node does not know its task"] is False
    assert "refused 1 of 4 times, then it fails" in panel(olga, job)


def test_what_cannot_be_put_into_its_queue_says_why_and_what_happened_before_does_not(olga):
    serve()
    lost = queued(reason="Its worker died.", attempt=1)
    Attempt.objects.create(job=lost, number=1, reason="Its worker died.")
    assert why(olga, lost)[0] == "A worker takes it in a moment."
    odd = queued(reason="It cannot be put into its queue: no such exchange", priority=9)
    assert why(olga, odd)[0] == "It could not be put into its queue."
    assert "no such exchange" in panel(olga, odd)


def test_a_message_that_nobody_took_is_about_to_be_rung_again(olga):
    serve()
    for columns in ({"rings": 1}, {"queued_at": in_(-20)}):
        job = queued(ring_at=in_(-0.1), **columns)
        assert why(olga, job)[1]["It is about to be rung again"] is None


def test_a_job_whose_turn_to_be_rung_has_not_come_says_so(olga):
    serve()
    job = queued(ring_at=in_(-5), queued_at=in_(-5))
    assert why(olga, job)[1]["Its message is not out yet"] is None


def test_how_long_the_line_takes_is_said_where_it_can_be(olga):
    job = queued(ago=10)
    queued(ago=20)
    queued(ago=30)
    assert Wait(olga, job).seconds is None  # nobody serves
    serve(slots=2)
    for _ in range(2):
        rows.job(State.RUNNING, worker="main@node", ago=1)
    assert Wait(olga, job).seconds is None  # nobody knows how long they take
    for n in range(3):
        at = timezone.now() - timedelta(hours=n + 1)
        rows.job(
            State.COMPLETED,
            created_at=at,
            started_at=at,
            finished_at=at + timedelta(seconds=60),
        )
    seconds = Wait(olga, job).seconds
    assert seconds is not None and 100 < seconds <= (2 * 60 + 2 * 59) / 2
    assert "until its turn, if all before it take" in panel(olga, job)
    queued(ago=40, task="never.ran")
    assert Wait(olga, job).seconds is None


def test_who_runs_older_code_leaves_it_to_the_others(olga):
    job = queued()
    for code, hashed in (("old", "1"), ("new", "2")):
        Code.runs(code, {rows.ADD: hashed})
        Worker.tell(f"{code}@1", FACTS | {"queues": [job.queue], "code": code}, begins=True)
    words = "old@1 runs older code and leaves its task to the others"
    assert words in why(olga, job)[1]
    Worker.tell("new@1", {"queues": ["others"]})
    assert words not in why(olga, job)[1]  # where no newer one serves, it does what it can


def test_where_no_worker_has_the_code_that_is_said(olga):
    job = queued()
    Code.runs("old", {"another.task": "1"})
    Worker.tell("old@1", FACTS | {"queues": [job.queue], "code": "old"}, begins=True)
    headline, checks = why(olga, job)
    assert headline == "No worker of its queue has the code for it."
    assert checks["No worker of its queue knows its task as it is now"] is False
