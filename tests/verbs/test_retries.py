"""The retry policy: each option does what its name says, and the delay lies in the row."""

from datetime import timedelta

import pytest
from celery import current_app
from django.db import OperationalError
from django.utils import timezone

from jobs import enqueue
from jobs.execution import policy
from jobs.execution.finish import lose, requeue, retry_later
from jobs.execution.order import Order
from jobs.execution.outcome import Ending, RetryOrder
from jobs.models import Job
from jobs.states import Requested, State
from tests import retry_tasks
from tests.doors import rows
from tests.verbs.trying import attempt, attempts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
ALIKE = (retry_tasks.ours, retry_tasks.plain, retry_tasks.in_a_class)


def waits(job: Job, *pauses: int) -> Job:
    """Attempt after attempt, each of which must be followed by such a pause, in seconds."""
    for pause in pauses:
        before = timezone.now()
        row = attempt(job)
        assert row.state == State.RETRYING
        assert row.not_before is not None
        assert before <= row.not_before - timedelta(seconds=pause) <= timezone.now()
        Job.objects.filter(pk=job.pk).move(State.QUEUED)
    return row


@pytest.mark.parametrize("task", ALIKE, ids=lambda task: task.name)
def test_waits_double_up_to_their_cap_and_end_with_the_last_attempt(task):
    job = Job.objects.get(pk=task.delay().id)
    waits(job, 3, 6, 10)
    row = attempt(job)
    assert (row.state, row.error_type) == (State.FAILED, "Temporary")
    assert (row.attempt, row.retries, row.max_retries) == (4, 3, 3)
    assert [each.number for each in row.attempts.all()] == [1, 2, 3, 4]
    assert all(
        each.traceback and each.worker and each.started_at for each in row.attempts.all()
    )


@pytest.mark.parametrize("task", ALIKE, ids=lambda task: task.name)
@pytest.mark.parametrize("kind", ["hopeless", "other", "reject"])
def test_what_is_not_to_be_tried_again_fails_at_once(task, kind):
    job = attempt(task.delay(kind))
    assert (job.state, job.attempt, job.retries) == (State.FAILED, 1, 0)


def test_a_fixed_delay():
    job = enqueue(retry_tasks.fixed)
    waits(job, 7)
    job = attempt(job)
    assert (job.state, job.attempt) == (State.FAILED, 2)


def test_the_keywords_of_a_retry():
    job = enqueue(retry_tasks.by_keywords)
    waits(job, 4, 4, 4, 4, 4)
    job = attempt(job)
    assert (job.attempt, job.max_retries) == (6, 5)


def test_jitter_spreads_waits_below_the_cap_and_without_a_bound_there_is_no_end():
    job, found = enqueue(retry_tasks.jittered), []
    for _ in range(12):
        before = timezone.now()
        row = attempt(job)
        assert before <= row.not_before <= timezone.now() + timedelta(seconds=8)
        found.append(round((row.not_before - before).total_seconds()))
        Job.objects.filter(pk=job.pk).move(State.QUEUED)
    assert len({*found}) > 1
    assert (row.max_retries, row.retries) == (None, 12)


@pytest.mark.parametrize("bound", [0, 1, 4])
def test_a_bound_of_the_moment_holds_for_its_job_only(bound):
    job = attempts(enqueue(retry_tasks.once_more, {"bound": bound}))
    assert (job.state, job.error, job.attempt) == (State.FAILED, "by hand", bound + 1)
    assert job.max_retries == (bound or 1)  # what never came to a retry tells its task's
    assert not hasattr(current_app.tasks[retry_tasks.once_more.name], "override_max_retries")


@pytest.mark.parametrize("most", [0, 1, 5])
@pytest.mark.parametrize(
    ("name", "given"),
    [(ALIKE[0].name, {}), (ALIKE[1].name, {}), (retry_tasks.once_more.name, {"bound": 2})],
)
def test_the_operator_has_the_last_word_of_how_often(name, given, most):
    rows.task(name)
    job = enqueue(name, given)
    assert policy.edit(name, Order(None), {"max_retries": most})
    assert enqueue(name, given).max_retries == most
    assert attempts(job).attempt == most + 1
    policy.edit(name, Order(None), {"max_retries": None})
    assert attempts(enqueue(name, given)).attempt == given.get("bound", 3) + 1


def test_where_the_policy_cannot_be_read_the_code_has_its_word(monkeypatch):
    def away(name: str) -> None:
        raise OperationalError("the server closed the connection")

    job = enqueue(retry_tasks.once_more, {"bound": 1})
    monkeypatch.setattr("jobs.execution.task.edited", away)
    assert attempts(job).attempt == 2


def test_a_refusal_is_not_tried_again_though_every_exception_is():
    job = attempts(enqueue(retry_tasks.whatever, {"kind": "reject"}))
    assert (job.state, job.attempt) == (State.FAILED, 1)
    assert attempts(enqueue(retry_tasks.whatever, {"kind": "other"})).attempt == 4


def test_a_refusal_says_why_and_is_no_retry():
    job = attempts(enqueue(retry_tasks.refuse_in_a_broad_try))
    assert (job.state, job.attempt, job.retries) == (State.FAILED, 1, 0)
    assert (job.error_type, job.error) == ("Reject", "the data are wrong")
    assert "the data are wrong" in job.reason


def test_what_is_put_back_comes_again_later_and_later_and_counts_as_no_retry():
    job = enqueue(retry_tasks.refuse_in_a_broad_try, {"requeue": True})
    row = waits(job, 1, 2, 4, 8, 16, 32, 60, 60, 60)
    assert (row.attempt, row.retries) == (9, 0)
    assert row.attempts.latest("number").error == "the data are wrong"


@pytest.mark.parametrize(
    ("asked", "state"), [(Requested.PAUSE, State.PAUSED), (Requested.CANCEL, State.CANCELLED)]
)
def test_what_was_asked_of_an_attempt_that_failed_before_it_obeyed_is_not_forgotten(
    asked, state
):
    failure = Ending.failure(ValueError("no"))
    ways = (
        lambda mine: retry_later(mine, RetryOrder(1), failure),
        lambda mine: requeue(mine, failure),
        lambda mine: lose(mine, failure, max_lost=3),
    )
    for way in ways:
        running = rows.job(State.RUNNING, requested=asked)
        assert way(Job.objects.filter(pk=running.pk).held_by("mine"))
        job = Job.objects.get(pk=running.pk)
        assert (job.state, job.requested, job.lease) == (state, "", None)
        assert job.attempts.get().error == "no"


def test_a_retry_may_have_another_priority_other_limits_and_an_expiry():
    job = attempt(enqueue(retry_tasks.later_and_lower, priority=7, time_limit=90))
    assert (job.priority, job.time_limit, job.soft_time_limit) == (1, 50, 40)
    assert job.expires_at is not None
    Job.objects.filter(pk=job.pk).move(State.QUEUED)
    assert attempt(job).result == "done"
