"""What lies in the broker is counted by the relay, under whatever name a queue has."""

import pytest
from celery import current_app

from jobs.dispatch.relay import ring_due
from jobs.execution import depths
from jobs.models import Queue, Task, Worker
from jobs.scheduling.relay import Relay
from tests.doors.rows import job
from tests.nouns.test_workers import FACTS

from .test_relay import now_and

pytestmark = pytest.mark.django_db
ODD = "mikrom:queue"


def counted() -> dict[str, int | None]:
    return dict(Queue.objects.values_list("name", "depth"))


def test_a_queue_is_known_when_anything_names_it():
    Task.objects.create(name="x", title="x", queue="of-an-operator")
    Worker.tell("main@node", {**FACTS, "queues": ["of-a-worker"]})
    job(queue="of-a-job", ring_at=now_and(-1))
    depths.note_all()
    depths.note_all()
    named = {"celery", "of-an-operator", "of-a-worker", "of-a-job"}
    assert named <= {*counted()} and set(counted().values()) == {None}


def test_messages_of_all_priorities_are_counted(broker):
    for priority in (0, 5, 9, 9):
        job(queue=ODD, priority=priority, ring_at=now_and(-1))
    depths.note_all()
    assert ring_due() == 4
    depths.measure(current_app)
    assert (counted()[ODD], counted()["celery"]) == (4, 0)
    broker.lose_everything()
    depths.measure(current_app)
    assert counted()[ODD] == 0


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_keeps_the_relay_from_nothing(broker):
    job(queue=ODD, ring_at=now_and(-1))
    ringer = Relay().ringer
    with broker.down():
        ringer.count()
    assert counted()[ODD] is None
    ringer.count()
    assert counted()[ODD] == 0
