"""The one way to an end: all of it or nothing."""

from datetime import timedelta

import pytest
from celery.exceptions import WorkerLostError
from django.db import transaction
from django.utils import timezone
from django_celery_results.models import TaskResult

from jobs.dispatch.typed import dumps
from jobs.execution.finish import finish, lose, requeue, retry_later
from jobs.execution.outcome import Ending, RetryOrder
from jobs.execution.rescue import BATCH, expire_due, reap_lost
from jobs.models import Event, Job
from jobs.states import FINAL, Requested, State
from tests.doors.rows import ADD, job
from tests.hostile_tasks import tell_error
from tests.sample_tasks import leave_line, plain_add

pytestmark = pytest.mark.django_db
FAILURE = Ending.failure(ValueError("no"), "Traceback: no")


def mine(of: Job, lease: str = "mine"):
    return Job.objects.filter(pk=of.pk).held_by(lease)


def only(of: Job):
    return Job.objects.filter(pk=of.pk)


def test_success_is_the_row_the_task_result_and_nothing_else():
    running = job(State.RUNNING)
    assert [done.pk for done in finish(mine(running), Ending.success(5, result=5))]
    row = only(running).get()
    assert (row.state, row.result, row.lease) == (State.COMPLETED, 5, None)
    told = TaskResult.objects.get(task_id=running.id)
    assert (told.status, told.result) == ("SUCCESS", "5")
    assert not row.attempts.exists() and not row.events.exists()


def test_failure_tells_why_on_the_row_in_the_task_result_and_as_an_attempt():
    running = job(State.RUNNING, attempt=3)
    finish(mine(running), FAILURE)
    row = only(running).get()
    assert (row.state, row.error_type, row.error) == (State.FAILED, "ValueError", "no")
    assert "ValueError" in row.reason and row.traceback == "Traceback: no"
    assert TaskResult.objects.get(task_id=running.id).traceback == "Traceback: no"
    assert row.attempts.get().number == 3


def test_counted_errors_are_told_by_the_state():
    running = job(State.RUNNING)
    finish(mine(running), Ending.success(None, errors=1))
    assert only(running).get().state == State.COMPLETED_WITH_ERRORS


@pytest.mark.parametrize("state", sorted(FINAL))
def test_what_is_over_stays_as_it_is_and_nothing_is_written(state):
    ended = job(state, options=dumps({"link": [plain_add.s(1)]}))
    before = Job.objects.values().get()
    assert finish(only(ended), FAILURE) == []
    assert finish(mine(ended), Ending.success(1, result=1)) == []
    assert Job.objects.values().get() == before
    assert not TaskResult.objects.exists()


def test_a_lost_lease_ends_nothing_and_starts_nothing():
    running = job(State.RUNNING, options=dumps({"link": [plain_add.s(1)]}))
    before = Job.objects.values().get()
    stale = mine(running, "stale")
    assert finish(stale, Ending.success(1, result=1)) == []
    assert not retry_later(stale, RetryOrder(1), FAILURE)
    assert not requeue(stale, FAILURE)
    assert not lose(stale, FAILURE, max_lost=3)
    assert Job.objects.values().get() == before
    assert not TaskResult.objects.exists()


def test_an_end_that_is_rolled_back_takes_everything_along():
    running = job(State.RUNNING, options=dumps({"link": [plain_add.s(1)]}))
    with transaction.atomic():
        finish(mine(running), Ending.success(1, result=1))
        assert Job.objects.count() == 2
        transaction.set_rollback(True)
    assert Job.objects.get().state == State.RUNNING
    assert not TaskResult.objects.exists()


def test_what_cannot_come_next_undoes_a_success():
    """The caller then fails the job: half a chain must not look like a whole one."""
    impossible = plain_add.s(1).set(task_id="x" * 300)
    running = job(State.RUNNING, options=dumps({"link": [leave_line.s(), impossible]}))
    with pytest.raises(ValueError, match="task_id"), transaction.atomic():
        finish(mine(running), Ending.success(1, result=1))
    assert Job.objects.get().state == State.RUNNING


def test_what_cannot_come_next_does_not_keep_a_failure_from_its_end():
    steps = [plain_add.s(1), "no signature at all", plain_add.s(1)]
    running = job(State.RUNNING, options=dumps({"chain": steps}))
    assert finish(mine(running), FAILURE)
    assert only(running).get().state == State.FAILED
    assert TaskResult.objects.get(task_id=running.id).status == "FAILURE"
    event = Event.objects.get(job_id=running.id)
    assert event.verb == "follow" and event.reason


def test_a_foreign_errback_that_raises_does_not_keep_a_failure_from_its_end(
    django_capture_on_commit_callbacks,
):
    running = job(
        State.RUNNING, options=dumps({"link_error": [tell_error.s("/no/such/dir/x")]})
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert finish(mine(running), FAILURE)
    assert only(running).get().state == State.FAILED


def test_a_retry_is_the_same_row_waiting_for_its_time():
    running = job(State.RUNNING)
    later = timezone.now() + timedelta(hours=1)
    order = RetryOrder(2, not_before=later, arguments="[[1],{}]", queue="far", priority=1)
    assert retry_later(mine(running), order, FAILURE)
    row = only(running).get()
    assert (row.state, row.retries, row.not_before) == (State.RETRYING, 2, later)
    assert (row.arguments, row.queue, row.priority) == ("[[1],{}]", "far", 1)
    assert row.attempts.get().error == "no"
    assert not TaskResult.objects.exists()


def test_a_lost_attempt_runs_again_until_too_many_workers_are_lost():
    lost = Ending.failure(WorkerLostError("signal 9"))
    running = job(State.RUNNING)
    for count in (1, 2):
        assert lose(mine(running), lost, max_lost=2)
        row = only(running).get()
        assert (row.state, row.lost) == (State.QUEUED, count)
        assert not TaskResult.objects.exists()
        held = {"lease": "mine", "lease_expires_at": timezone.now()}
        only(running).move(State.RUNNING, **held, attempt=count + 1)
    assert lose(mine(running), lost, max_lost=2)
    row = only(running).get()
    assert (row.state, row.lost, row.attempts.count()) == (State.FAILED, 3, 3)
    assert "signal 9" in row.reason


def test_a_lost_attempt_of_a_task_that_must_not_run_twice_fails():
    running = job(State.RUNNING, on_lost="hold")
    assert lose(mine(running), FAILURE, max_lost=3)
    assert (only(running).get().state, only(running).get().lost) == (State.FAILED, 1)


AGAIN = {
    "a retry": lambda chosen: retry_later(chosen, RetryOrder(1), FAILURE),
    "a return to the queue": lambda chosen: requeue(chosen, FAILURE),
    "a lost worker": lambda chosen: lose(chosen, FAILURE, max_lost=3),
    "the last lost worker": lambda chosen: lose(chosen, FAILURE, max_lost=0),
}
ASKED = {Requested.CANCEL: State.CANCELLED, Requested.PAUSE: State.PAUSED}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("how", list(AGAIN)[:3])
def test_what_was_asked_of_an_attempt_comes_before_the_next_one(how, asked):
    running = job(State.RUNNING, requested=asked, requested_at=timezone.now())
    assert AGAIN[how](mine(running))
    row = only(running).get()
    assert (row.state, row.requested, row.lease) == (ASKED[asked], "", None)
    assert row.reason == FAILURE.reason == row.attempts.get().reason


def test_a_cancelled_job_whose_last_worker_died_is_cancelled():
    held = job(State.RUNNING, requested=Requested.CANCEL, on_lost="hold")
    assert AGAIN["a lost worker"](mine(held))
    last = job(State.RUNNING, requested=Requested.CANCEL)
    assert AGAIN["the last lost worker"](mine(last))
    assert {only(held).get().state, only(last).get().state} == {State.CANCELLED}


def test_the_reaper_takes_only_what_is_late_by_the_databases_clock():
    now = timezone.now()
    late = job(State.RUNNING, lease="late", lease_expires_at=now - timedelta(seconds=1))
    deaf = job(State.VALIDATING, lease="deaf", lease_expires_at=now - timedelta(days=1))
    alive = job(State.RUNNING, lease_expires_at=now + timedelta(minutes=1))
    waiting = job()
    assert reap_lost() == 2
    assert {only(each).get().state for each in (late, deaf)} == {State.QUEUED}
    assert only(alive).get().version == only(waiting).get().version == 1
    assert "main@node" in late.attempts.get().reason
    assert reap_lost() == 0


def test_what_nobody_started_in_time_expires_whatever_it_waits_for():
    past = timezone.now() - timedelta(seconds=1)
    waiting = [job(state, expires_at=past) for state in ("queued", "pending", "retrying")]
    running = job(State.RUNNING, expires_at=past)
    later = job(expires_at=timezone.now() + timedelta(hours=1))
    assert expire_due() == 3
    assert {only(each).get().state for each in waiting} == {State.EXPIRED}
    assert TaskResult.objects.filter(status="REVOKED").count() == 3
    assert (only(running).get().version, only(later).get().version) == (1, 1)
    assert expire_due() == 0


def test_the_relay_ends_many_in_turns_of_bounded_length():
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.bulk_create(Job(task_id=ADD, expires_at=past) for _ in range(BATCH + 1))
    assert [expire_due(), expire_due(), expire_due()] == [BATCH, 1, 0]
