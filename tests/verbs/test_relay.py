"""The relay rings for what nobody rang for, as the rows say."""

import json
from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from jobs.conf import configuration
from jobs.dispatch import epoch
from jobs.dispatch.epoch import broker_lost_its_data
from jobs.dispatch.relay import DOUBLINGS, release_due, ring_all_again, ring_due
from jobs.models import Job, Task
from jobs.scheduling.relay import Relay
from jobs.states import FINAL, State, WaitingFor
from tests.doors.rows import ADD, job

pytestmark = pytest.mark.django_db
AGAIN = configuration().ring_again_seconds


def now_and(seconds: float):
    return timezone.now() + timedelta(seconds=seconds)


def rung(broker, queue: str = "celery") -> list[str]:
    """The ids of the messages in the order in which a worker would take them."""
    messages = [json.loads(message) for message in broker.messages(queue)]
    return [message["headers"]["id"] for message in reversed(messages)]


def row(of: Job) -> Job:
    return Job.objects.get(pk=of.pk)


def pause_of(of: Job) -> float:
    return (row(of).ring_at - timezone.now()).total_seconds()


def test_what_is_due_is_rung_once_and_again_only_after_a_pause(broker):
    due = job(ring_at=now_and(-1))
    later = job(ring_at=now_and(60))
    assert ring_due() == 1
    assert rung(broker) == [due.id]
    assert row(due).rings == 1 and row(later).rings == 0
    assert AGAIN - 5 < pause_of(due) <= AGAIN
    assert ring_due() == 0


def test_a_job_that_nobody_takes_is_rung_later_and_later():
    patient = job(ring_at=now_and(-1))
    for rings in range(9):
        assert row(patient).rings == rings
        assert ring_due() == 1
        pause = AGAIN * 2 ** min(rings, DOUBLINGS)
        assert pause - 5 < pause_of(patient) <= pause
        Job.objects.update(ring_at=now_and(-1))


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED}))
def test_only_queued_jobs_are_rung(broker, state):
    other = job(state, ring_at=None if state in FINAL else now_and(-1))
    assert ring_due() == 0
    assert rung(broker) == []
    assert row(other).version == 1


def test_the_urgent_and_then_the_oldest_are_rung_first(broker, settings):
    settings.JOBS_OUTSTANDING_PER_QUEUE = 3
    old = job(ring_at=now_and(-1), ago=60)
    new = job(ring_at=now_and(-1), ago=1)
    urgent = job(ring_at=now_and(-1), priority=9)
    lazy = job(ring_at=now_and(-1), priority=0, ago=600)
    assert ring_due() == 3
    assert set(rung(broker)) == {urgent.id, old.id, new.id}
    assert row(lazy).rings == 0


def test_a_queue_has_so_many_messages_in_the_broker_and_no_more(broker, settings):
    settings.JOBS_OUTSTANDING_PER_QUEUE = 3
    jobs = [job(ring_at=now_and(-1), ago=60 - number) for number in range(5)]
    there = job(ring_at=now_and(-1), queue="there")
    assert ring_due() == 4  # nobody serves the one, and the other does not wait for it
    assert set(rung(broker)) == {each.id for each in jobs[:3]}
    assert rung(broker, "there") == [there.id]
    assert ring_due() == 0
    Job.objects.filter(pk=jobs[1].pk).move(State.CANCELLED)
    assert ring_due() == 1
    assert jobs[3].id in rung(broker)


def test_each_job_is_rung_in_its_own_queue(broker):
    here, there = job(ring_at=now_and(-1)), job(ring_at=now_and(-1), queue="there")
    assert ring_due() == 2
    assert (rung(broker), rung(broker, "there")) == ([here.id], [there.id])


def test_after_a_loss_all_that_nobody_took_is_rung_again(broker):
    waiting = [job(ring_at=now_and(3600), rings=5) for _ in range(3)]
    job(State.RUNNING)
    job(State.PENDING, waiting_for=WaitingFor.START)
    assert ring_all_again() == 3
    assert ring_due() == 3
    assert sorted(rung(broker)) == sorted(each.id for each in waiting)


def test_what_is_due_is_released_and_what_is_not_stays():
    due = [
        job(State.RETRYING, not_before=now_and(-1)),
        job(State.PENDING, waiting_for=WaitingFor.TIME, not_before=now_and(-1)),
    ]
    early = [
        job(State.RETRYING, not_before=now_and(60)),
        job(State.PENDING, waiting_for=WaitingFor.TIME, not_before=now_and(60)),
    ]
    reasons = (WaitingFor.START, WaitingFor.SLOT, WaitingFor.QUEUE, WaitingFor.UPSTREAM)
    held = [job(State.PENDING, waiting_for=why, not_before=now_and(-1)) for why in reasons]
    held.append(job(State.PAUSED, not_before=now_and(-1)))
    assert release_due() == 2
    assert {row(each).state for each in due} == {State.QUEUED}
    assert all(row(each).ring_at <= timezone.now() for each in due)
    assert {row(each).version for each in early + held} == {1}


def test_jobs_of_a_disabled_task_wait_until_it_is_enabled_and_their_time_has_come():
    Task.objects.create(name=ADD, title="Add", enabled=False)
    waiting = job(State.PENDING, waiting_for=WaitingFor.TASK)
    retrying = job(State.RETRYING, not_before=now_and(-1))
    early = job(State.PENDING, waiting_for=WaitingFor.TASK, not_before=now_and(60))
    assert release_due() == 0
    Task.objects.update(enabled=True)
    assert release_due() == 2
    assert {row(each).state for each in (waiting, retrying)} == {State.QUEUED}
    assert row(early).state == State.PENDING


@pytest.mark.django_db(transaction=True)
def test_while_the_broker_is_down_jobs_say_so_and_none_is_lost(broker):
    due = [job(ring_at=now_and(-1)) for _ in range(3)]
    with broker.down():
        assert ring_due() == 0
        states = {(row(each).state, row(each).waiting_for) for each in due}
        assert states == {(State.PENDING, WaitingFor.BROKER)}
        versions = {row(each).version for each in due}
        assert ring_due() == 0
        assert {row(each).version for each in due} == versions  # no noise at each try
    assert ring_due() == 3
    assert {row(each).state for each in due} == {State.QUEUED}
    assert sorted(rung(broker)) == sorted(each.id for each in due)


def test_a_job_is_queued_before_it_is_rung(broker, monkeypatch):
    """A worker takes only what is queued, and may be quicker than the relay."""
    seen = []
    waited = job(State.PENDING, waiting_for=WaitingFor.BROKER, ring_at=now_and(-1))
    monkeypatch.setattr(
        "jobs.dispatch.relay.ring_or_blame", lambda each: seen.append(row(each).state) or None
    )
    assert ring_due() == 1
    assert seen == [State.QUEUED]
    assert row(waited).rings == 1


def test_a_loss_of_data_shows_once(broker, monkeypatch):
    monkeypatch.setattr(epoch, "_seen", None)
    assert not broker_lost_its_data(current_app)
    assert not broker_lost_its_data(current_app)
    broker.lose_everything()
    assert broker_lost_its_data(current_app)
    assert not broker_lost_its_data(current_app)
    with broker.down():
        assert not broker_lost_its_data(current_app)
    assert broker_lost_its_data(current_app)  # it runs again, and who knows with what
    assert not broker_lost_its_data(current_app)


def broken():
    raise ValueError("a duty that cannot be done")


def test_a_duty_that_cannot_be_done_does_not_keep_the_relay_from_the_others(
    monkeypatch,
):
    monkeypatch.setattr("jobs.scheduling.relay.expire_due", broken)
    due = job(State.RETRYING, not_before=now_and(-1))
    Relay().tick()
    assert row(due).state == State.QUEUED


@pytest.mark.django_db(transaction=True)
def test_a_job_that_no_broker_takes_keeps_none_behind_it_waiting(broker, monkeypatch):
    poison = job(ring_at=now_and(-1), priority=9)
    others = [job(ring_at=now_and(-1)) for _ in range(2)]
    monkeypatch.setattr("jobs.dispatch.message.broker_priority", refuse(poison.priority))
    assert ring_due() == 3
    assert sorted(rung(broker)) == sorted(each.id for each in others)
    assert "cannot be put into its queue" in row(poison).reason
    assert (row(poison).state, row(poison).rings) == (State.QUEUED, 1)


def refuse(poison: int):
    def priority(given: int, transport: str) -> int:
        if given == poison:
            raise ValueError("no such priority")
        return given

    return priority
