"""A queue is closed or opened while somebody asks for a job of it, takes one, or does it too:
in whatever order their statements come, no job of it starts or is forgotten."""

import random

import pytest
from django.db import connection  # noqa: F401 (of the mark below)

from jobs.dispatch import closed, stepping
from jobs.dispatch.enqueue import enqueue
from jobs.execution import halt
from jobs.execution.claim import claim
from jobs.execution.order import Order
from jobs.models import Event, Job, Queue, Task, new_id
from jobs.states import State
from tests.doors.rows import ADD, job

from .test_relay import now_and
from .test_two_at_once import Conductor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a file has one writer"),
]
ROUNDS = 4


def take(row: Job) -> bool:
    said = {"lease": new_id(), "timelimit": [None, None], "hostname": "w@here"}
    return claim(row.pk, ADD, {**said, "queues": ("slow",)}) is not None


def scores(*names: str) -> list[str]:
    luck = random.Random(7)
    return [luck.choices(names, k=24) for _round in range(ROUNDS)]


@pytest.fixture(autouse=True)
def task():
    closed.forget()
    Task.objects.create(name=ADD, title="Add")


def state(row: Job) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.waiting_for


@pytest.mark.parametrize("close", [halt.pause, lambda name, order: halt.freeze(order)])
def test_after_a_pause_nothing_starts_and_after_its_end_nothing_is_forgotten(close):
    for score in scores("close", "take", "ask"):
        row = job(queue="slow", ring_at=now_and(-1))
        given = Conductor(score).play(
            close=lambda: close("slow", Order(reason="why")),
            take=lambda row=row: take(row),
            ask=lambda: enqueue(ADD, {"x": 1}, queue="slow"),
        )
        assert given["close"] is True, given
        late, asked = job(queue="slow", ring_at=now_and(-1)), given["ask"]
        assert not take(late) and not take(asked)
        stepping.settle()
        assert state(late) == state(asked) == (State.PENDING, "queue")
        assert state(row)[0] == (State.RUNNING if given["take"] else State.PENDING)
        halt.resume("slow", Order())
        halt.unfreeze(Order())
        stepping.settle()
        assert state(late) == state(asked) == (State.QUEUED, "")
        Job.objects.all().delete()


def test_two_that_close_and_open_agree_on_what_is_so():
    for score in scores("one", "two", "relay"):
        row = job(queue="slow", ring_at=now_and(-1))
        given = Conductor(score).play(
            one=lambda: halt.pause("slow", Order()),
            two=lambda: halt.resume("slow", Order()),
            relay=stepping.settle,
        )
        assert not [each for each in given.values() if isinstance(each, Exception)], given
        closed.forget()
        stepping.settle()
        is_open = Queue.objects.get(pk="slow").is_open
        assert state(row) == ((State.QUEUED, "") if is_open else (State.PENDING, "queue"))
        told = Event.objects.filter(subject="slow").order_by("-id").first()
        assert told.after == {"state": "open" if is_open else "paused"}
        halt.resume("slow", Order())
        Job.objects.all().delete()
        Event.objects.all().delete()
