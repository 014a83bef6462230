"""Closing a queue, opening it again, and freezing everything."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.dispatch import closed, relay, stepping
from jobs.dispatch.enqueue import enqueue
from jobs.execution import control, halt
from jobs.execution.claim import claim
from jobs.execution.order import Order
from jobs.models import Event, Flow, Job, Queue, Task, new_id
from jobs.states import State

from .beats import beat, every, fires, first_due, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def task():
    closed.forget()
    return Task.objects.create(name="tests.add", title="Add")


def job(queue: str = "slow", **columns) -> Job:
    columns = {"task_id": "tests.add", "state": State.QUEUED, "queue": queue} | columns
    return Job.objects.create(**columns)


def taken(row: Job) -> bool:
    """Whether a worker that hears of it now gets it."""
    said = {"lease": new_id(), "timelimit": [None, None], "hostname": "w@here"}
    return claim(row.pk, "tests.add", {**said, "queues": (row.queue,)}) is not None


def test_no_job_of_a_paused_queue_is_taken_even_when_its_message_comes(admin_user):
    slow, other = job(), job("other")
    assert halt.pause("slow", Order(admin_user, "its disk is replaced"))
    assert not taken(slow) and taken(other)
    assert halt.resume("slow", Order(admin_user))
    assert taken(slow)


def test_what_was_done_to_a_queue_is_written_down_once(admin_user):
    assert halt.pause("slow", Order(admin_user, "its disk"))
    assert not halt.pause("slow", Order(None, "again"))
    row = Queue.objects.get(pk="slow")
    assert (row.flow, row.changed_by, row.reason) == (Flow.PAUSED, admin_user, "its disk")
    assert row.changed_at
    [event] = Event.objects.all()
    assert (event.verb, event.subject, event.actor) == ("pause_queue", "slow", admin_user)
    assert event.before == {"state": "open"} and event.after == {"state": "paused"}


def test_while_all_is_frozen_nothing_starts_and_undone_it_is_as_it_was():
    paused, draining, free = job("paused"), job("draining"), job("free")
    halt.pause("paused", Order())
    halt.drain("draining", Order())
    assert halt.freeze(Order(reason="an incident"))
    assert not any(map(taken, (paused, draining, free)))
    assert halt.unfreeze(Order())
    flows = dict(Queue.objects.named().values_list("name", "flow"))
    assert flows == {"paused": Flow.PAUSED, "draining": Flow.DRAINING}
    assert [taken(paused), taken(draining), taken(free)] == [False, True, True]


def test_names_as_other_programs_give_them():
    for name in ("mikrom:queue", "très long " + "x" * 200, "50%_off"):
        row, alike = job(name), job("50x_off")
        assert halt.pause(name, Order()) and not taken(row) and taken(alike)


def state(row: Job) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.waiting_for


HALTED, QUEUED = (State.PENDING, "queue"), (State.QUEUED, "")


def test_what_stands_in_a_paused_queue_steps_aside_and_comes_back_in_its_turn():
    rows = [job(ring_at=timezone.now(), priority=p) for p in (1, 9)]
    other, active = job("other", ring_at=timezone.now()), job(ring_at=timezone.now())
    assert taken(active)
    halt.pause("slow", Order())
    assert [*map(state, rows)] == [HALTED, HALTED]
    assert state(other) == QUEUED and state(active)[0] == State.RUNNING
    halt.resume("slow", Order())
    assert [*map(state, rows)] == [QUEUED, QUEUED]
    assert all(row.ring_at and row.halted_at is None for row in rows)


@pytest.fixture
def few(monkeypatch):
    """A million are too many for one transaction, and here two are."""
    monkeypatch.setattr(stepping, "BATCH", 2)


def test_the_relay_does_what_is_too_much_for_one_transaction(few):
    rows = [job(ring_at=timezone.now()) for _ in range(5)]
    halt.pause("slow", Order())
    assert Counter(map(state, rows)) == {HALTED: 2, QUEUED: 3}
    assert stepping.settle() == 3
    assert {*map(state, rows)} == {HALTED}
    halt.resume("slow", Order())
    assert Counter(map(state, rows)) == {HALTED: 3, QUEUED: 2}
    assert stepping.settle() == 3 and stepping.settle() == 0
    assert {*map(state, rows)} == {QUEUED}


def test_the_relay_rings_for_nothing_in_a_paused_queue(few):
    rows = [job(ring_at=timezone.now()) for _ in range(3)]
    halt.pause("slow", Order())
    assert state(rows[2]) == QUEUED  # too late for the first transaction
    assert relay.ring_due() == 0


def test_who_asks_for_a_job_of_a_closed_queue_is_let_in_when_it_opens():
    for close in (halt.pause, halt.drain):
        close("slow", Order())
        new = enqueue("tests.sample_tasks.add", {"x": 1}, queue="slow")
        assert state(new) == HALTED and new.halted_at
        halt.resume("slow", Order())
        assert state(new) == QUEUED


def test_a_drained_queue_lets_out_what_stood_in_it_and_what_began():
    before = job(ring_at=timezone.now())
    again = job(state=State.RETRYING, attempt=1, not_before=timezone.now())
    held = job(state=State.PENDING, waiting_for="start")
    halt.drain("slow", Order())
    assert taken(before)
    relay.release_due()
    assert state(again) == QUEUED
    control.start(Job.objects.filter(pk=held.pk), Order())
    assert state(held) == HALTED
    stepping.settle()
    assert state(held) == HALTED and state(again) == QUEUED


def test_a_freeze_holds_all_and_its_end_lets_go_only_what_it_held():
    free, paused = (job(name, ring_at=timezone.now()) for name in ("free", "paused"))
    halt.pause("paused", Order())
    halt.freeze(Order(reason="an incident"))
    stepping.settle()
    assert state(free) == state(paused) == HALTED
    new = enqueue("tests.sample_tasks.add", {"x": 1}, queue="free")
    assert state(new) == HALTED
    halt.unfreeze(Order())
    stepping.settle()
    assert state(free) == state(new) == QUEUED and state(paused) == HALTED


def test_what_the_broker_could_not_take_waits_for_its_queue_too():
    row = job(state=State.PENDING, waiting_for="broker", ring_at=timezone.now())
    halt.pause("slow", Order())
    assert state(row) == HALTED


def test_a_cancelled_job_does_not_come_back():
    row = job(ring_at=timezone.now())
    halt.pause("slow", Order())
    control.cancel(Job.objects.filter(pk=row.pk), Order())
    halt.resume("slow", Order())
    stepping.settle()
    assert state(row)[0] == State.CANCELLED


@pytest.mark.usefixtures("redis_server")
def test_while_all_is_frozen_no_schedule_fires_and_then_each_by_its_own_rule():
    caught, left = (
        every(3600, name=name, catch_up=rule)
        for name, rule in {"all": "all", "none": "none"}.items()
    )
    due = max(first_due(caught), first_due(left))
    halt.freeze(Order(reason="an incident"))
    run(beat(), due + timedelta(seconds=1))
    run(beat(), due + timedelta(hours=3))
    assert not fires(caught) and not fires(left)
    halt.unfreeze(Order())
    run(beat(), due + timedelta(hours=3, seconds=-10))
    kinds = [[fire.state for fire in fires(made)] for made in (caught, left)]
    assert State.QUEUED in kinds[0] and State.QUEUED not in kinds[1]
