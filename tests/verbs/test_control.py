"""The verbs of people: each does it, only from where it may, and leaves one event."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.execution import control
from jobs.execution.control import Order
from jobs.models import Event, Job
from jobs.params import Invalid
from jobs.states import ACTIVE, FINAL, WAITING, Requested, State, WaitingFor
from tests.doors.rows import job, task

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return Order(User.objects.create_user("olivia"), "because")


def rows(*jobs: Job):
    return Job.objects.filter(pk__in=[each.pk for each in jobs])


def only_event(verb: str, of: Job) -> Event:
    event = Event.objects.get(job=of, verb=verb)
    assert (event.actor.username, event.reason) == ("olivia", "because")
    assert event.before["state"] == of.state
    return event


def test_starting_queues_a_held_job(order):
    held = job(State.PENDING, waiting_for=WaitingFor.START)
    assert control.start(rows(held), order) == 1
    assert rows(held).get().state == State.QUEUED
    only_event("start", held)


@pytest.mark.parametrize(
    ("verb", "stopped"),
    [
        ("start", {"state": State.PENDING, "waiting_for": WaitingFor.START}),
        ("resume", {"state": State.PAUSED}),
    ],
)
def test_what_is_let_go_still_waits_for_its_time_and_for_its_task(order, verb, stopped):
    disabled = task("disabled", enabled=False).name
    tomorrow = timezone.now() + timedelta(days=1)
    early = job(**stopped, not_before=tomorrow)
    idle = job(**stopped, task=disabled)
    ripe = job(**stopped)
    assert getattr(control, verb)(rows(early, idle, ripe), order) == 3
    found = {row.pk: (row.state, row.waiting_for) for row in rows(early, idle, ripe)}
    assert found == {
        early.pk: (State.PENDING, WaitingFor.TIME),
        idle.pk: (State.PENDING, WaitingFor.TASK),
        ripe.pk: (State.QUEUED, ""),
    }
    assert Event.objects.filter(verb=verb).count() == 3


def test_starting_leaves_a_job_that_waits_for_its_time(order):
    timed = job(State.PENDING, waiting_for=WaitingFor.TIME)
    assert control.start(rows(timed), order) == 0
    assert rows(timed).get().waiting_for == WaitingFor.TIME
    assert not Event.objects.exists()


@pytest.mark.parametrize("state", sorted(WAITING - {State.PAUSED}))
def test_pausing_stops_what_waits_at_once(order, state):
    waiting = job(state)
    assert control.pause(rows(waiting), order) == 1
    assert rows(waiting).get().state == State.PAUSED
    only_event("pause", waiting)


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_pausing_asks_what_runs(order, state):
    running = job(state)
    assert control.pause(rows(running), order) == 1
    now = rows(running).get()
    assert (now.state, now.requested) == (state, Requested.PAUSE)
    assert now.requested_at is not None and now.version == running.version + 1


def test_pausing_twice_asks_once(order):
    running = job(State.RUNNING)
    assert [control.pause(rows(running), order) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("waiting_for", [WaitingFor.START, WaitingFor.UPSTREAM])
def test_what_does_not_move_by_itself_is_not_paused(order, waiting_for):
    still = job(State.PENDING, waiting_for=waiting_for)
    assert control.pause(rows(still), order) == 0


def test_resuming_queues_a_paused_job(order):
    paused = job(State.PAUSED, checkpoint={"step": 3})
    assert control.resume(rows(paused), order) == 1
    now = rows(paused).get()
    assert (now.state, now.checkpoint) == (State.QUEUED, {"step": 3})


def test_resuming_sends_a_job_that_was_paused_before_its_time_back_to_wait(order):
    later = timezone.now() + timedelta(hours=1)
    paused = job(State.PAUSED, not_before=later)
    assert control.resume(rows(paused), order) == 1
    now = rows(paused).get()
    assert (now.state, now.waiting_for) == (State.PENDING, WaitingFor.TIME)


def test_resuming_withdraws_a_pause_that_was_only_asked(order):
    running = job(State.RUNNING, requested=Requested.PAUSE, requested_at=timezone.now())
    assert control.resume(rows(running), order) == 1
    now = rows(running).get()
    assert (now.state, now.requested, now.requested_at) == (State.RUNNING, "", None)


@pytest.mark.parametrize("state", sorted(WAITING))
def test_cancelling_ends_what_waits_at_once(order, state):
    waiting = job(state)
    assert control.cancel(rows(waiting), order) == 1
    now = rows(waiting).get()
    assert (now.state, now.reason) == (State.CANCELLED, "because")
    only_event("cancel", waiting)


def test_cancelling_asks_what_runs_and_asked_twice_its_grace_is_over(order):
    running = job(State.RUNNING)
    assert control.cancel(rows(running), order) == 1
    asked = rows(running).get()
    assert (asked.state, asked.requested) == (State.RUNNING, Requested.CANCEL)
    assert control.cancel(rows(running), order) == 1
    assert rows(running).get().requested_at < asked.requested_at
    assert Event.objects.filter(job=running, verb="cancel").count() == 2


def test_cancelling_takes_the_place_of_a_pause(order):
    running = job(State.RUNNING, requested=Requested.PAUSE, requested_at=timezone.now())
    assert control.cancel(rows(running), order) == 1
    assert rows(running).get().requested == Requested.CANCEL


def test_terminating_needs_something_that_was_asked(order):
    idle, asked = job(State.RUNNING), job(State.RUNNING, lease="other")
    control.pause(rows(asked), order)
    assert control.terminate(rows(idle, asked), order) == 1
    only_event("terminate", asked)


def test_marking_as_failed_needs_that_nobody_holds_the_job(order):
    waiting, running = job(State.QUEUED), job(State.RUNNING)
    assert control.fail(rows(waiting, running), order) == 1
    assert rows(waiting).get().state == State.FAILED
    assert rows(running).get().state == State.RUNNING


@pytest.mark.parametrize("state", sorted(FINAL))
@pytest.mark.parametrize("verb", ["start", "pause", "resume", "cancel", "terminate", "fail"])
def test_no_verb_changes_a_job_that_has_ended(order, verb, state):
    ended = job(state)
    assert getattr(control, verb)(rows(ended), order) == 0
    assert rows(ended).values().get() == Job.objects.filter(pk=ended.pk).values().get()
    assert not Event.objects.exists()


def test_many_at_once_are_told_one_by_one(order):
    many = [job(State.QUEUED), job(State.PAUSED), job(State.RUNNING), job(State.COMPLETED)]
    assert control.cancel(rows(*many), order) == 3
    assert Event.objects.filter(verb="cancel").count() == 3


def test_running_again_makes_a_new_job_with_the_same_parameters(order):
    failed = job(
        State.FAILED, params={"x": 4, "y": 5}, queue="slow", tags=["a"], owner=order.by
    )
    again = control.retry(failed, order)
    assert (again.retry_of, again.params, again.queue) == (failed, failed.params, "slow")
    assert (again.state, again.tags, again.owner) == (State.QUEUED, ["a"], order.by)
    assert only_event("retry", failed).after == {"job": again.pk}


def test_running_again_takes_edited_parameters_and_refuses_wrong_ones(order):
    failed = job(State.FAILED, params={"x": 4, "y": 5})
    assert control.retry(failed, order, params={"x": 1}).params == {"x": 1, "y": 0}
    with pytest.raises(Invalid) as wrong:
        control.retry(failed, order, params={"x": "many"})
    assert list(wrong.value.fields) == ["x"]
    assert Job.objects.filter(retry_of=failed).count() == 1


def test_running_again_refuses_parameters_that_fit_the_task_no_longer(order):
    failed = job(State.FAILED, params={"gone": 4})
    with pytest.raises(Invalid):
        control.retry(failed, order)
    assert not Job.objects.filter(retry_of=failed).exists()


def test_running_again_goes_on_from_the_checkpoint_only_when_asked(order):
    failed = job(State.FAILED, params={"x": 1, "y": 2}, checkpoint={"step": 7})
    assert control.retry(failed, order).checkpoint is None
    assert control.retry(failed, order, from_checkpoint=True).checkpoint == {"step": 7}


def test_only_a_job_that_has_ended_can_be_run_again(order):
    with pytest.raises(ValueError, match="ended"):
        control.retry(job(State.RUNNING), order)
