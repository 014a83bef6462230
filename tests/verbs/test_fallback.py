"""Plan B: one attempt more, with something else in the place of the function."""

import pytest
from celery.exceptions import TimeLimitExceeded, WorkerLostError
from celery.result import AsyncResult

from jobs import enqueue
from jobs.execution.backend import ended_by_parent
from jobs.execution.finish import lose
from jobs.execution.outcome import Ending
from jobs.models import Job
from jobs.registry.options import declare
from jobs.states import Requested, State
from tests import fallback_tasks as tasks
from tests.doors import rows
from tests.sample_tasks import xsum
from tests.verbs.trying import attempt, attempts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
LOST = Ending.failure(WorkerLostError("signal 9"))


def tried(task, how: str, **more) -> Job:
    """The job after its last attempt with the function itself, and after the fallback."""
    job = attempts(enqueue(task, {"how": how, **more}))
    return attempt(job) if job.state == State.QUEUED else job


def running(**columns) -> Job:
    return rows.job(State.RUNNING, task=tasks.plan_a.name, params={"how": "x"}, **columns)


def now(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_what_plan_b_returns_is_the_result_of_the_job():
    job = tried(tasks.plan_a, "fail", secret="hunter2")
    assert (job.state, job.result) == (State.COMPLETED, ["b", "fail", "2retnuh"])
    assert (job.attempt, job.retries, job.falls_back) == (3, 1, True)
    assert "plan_b" in job.reason and "ConnectionError" in job.reason
    assert [each.number for each in job.attempts.all()] == [1, 2]
    assert AsyncResult(job.pk).get(timeout=5) == job.result


def test_a_job_that_goes_well_does_not_come_to_it():
    job = tried(tasks.plan_a, "well")
    assert (job.result, job.falls_back, job.reason) == (["a", "well", ""], False, "")


def test_when_both_fail_the_job_has_failed_and_is_not_tried_again():
    job = tried(tasks.plan_a, "both fail")
    assert (job.state, job.error_type, job.attempt) == (State.FAILED, "LookupError", 3)
    assert job.reason == "Its fallback failed too: It raised LookupError."


@pytest.mark.parametrize("how", ["reject", "refused"])
def test_what_is_refused_is_not_better_in_other_hands(how):
    job = tried(tasks.plan_a, how)
    assert (job.state, job.falls_back) == (State.FAILED, False)


@pytest.mark.parametrize(
    ("task", "result"),
    [
        (tasks.then_c, ["c", "fail"]),
        (tasks.then_d, ["d", "fail"]),
        (tasks.then_d_by_name, ["d", "fail"]),
    ],
)
def test_it_may_be_a_coroutine_a_task_or_a_name(task, result):
    job = tried(task, "fail")
    assert (job.state, job.result, job.attempt) == (State.COMPLETED, result, 2)


def test_a_name_that_nobody_has_fails_the_job():
    job = tried(tasks.then_nobody, "fail")
    assert (job.state, job.error_type) == (State.FAILED, "NotRegistered")


def test_one_that_the_code_has_no_more_fails_the_job():
    job = rows.job(task=xsum.name, params={"numbers": [1]}, falls_back=True)
    assert "no fallback any more" in attempt(job).error


def test_the_hard_limit_and_too_many_dead_workers_come_to_it_too():
    overran = running()
    ended_by_parent(overran.pk, "mine", TimeLimitExceeded(2), "")
    assert (now(overran).state, now(overran).falls_back) == (State.QUEUED, True)
    lost = running(lost=3, lease="other")
    mine = Job.objects.filter(pk=lost.pk).held_by("other")
    assert lose(mine, LOST, max_lost=3)
    assert (now(lost).state, now(lost).falls_back, now(lost).lost) == (State.QUEUED, True, 4)


def test_a_plan_b_that_loses_its_worker_or_overruns_is_the_end():
    last = running(falls_back=True, lost=4)
    assert lose(Job.objects.filter(pk=last.pk).held_by("mine"), LOST, max_lost=3)
    assert now(last).state == State.FAILED
    overran = running(falls_back=True, lease="other")
    ended_by_parent(overran.pk, "other", TimeLimitExceeded(2), "")
    assert now(overran).state == State.FAILED


def test_a_job_that_a_person_is_to_look_at_does_not_come_to_it():
    held = rows.job(State.RUNNING, task=tasks.careful.name, on_lost="hold")
    assert lose(Job.objects.filter(pk=held.pk).held_by("mine"), LOST, max_lost=3)
    assert now(held).state == State.FAILED


@pytest.mark.parametrize(
    ("asked", "state"), [(Requested.PAUSE, State.PAUSED), (Requested.CANCEL, State.CANCELLED)]
)
def test_what_was_asked_goes_before(asked, state):
    job = running(requested=asked)
    ended_by_parent(job.pk, "mine", TimeLimitExceeded(2), "")
    assert now(job).state == state


def test_one_that_takes_other_parameters_is_refused_where_it_is_declared():
    with pytest.raises(TypeError, match="the fallback 'plan_c': other: There is no"):
        declare(lambda how, other: None, {"fallback": tasks.plan_c})
    assert declare(lambda self, how: None, {"fallback": tasks.plan_c, "bind": True})
