"""Closing a queue, opening it again, and freezing everything."""

import pytest

from jobs.execution import halt
from jobs.execution.claim import claim
from jobs.execution.order import Order
from jobs.models import Event, Flow, Job, Queue, Task, new_id
from jobs.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def task():
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
