"""Few messages of a queue are in the broker at once; the backlog waits in its rows."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import enqueue
from jobs.dispatch import window
from jobs.dispatch.relay import is_any_due, ring_due
from jobs.models import Job, Leader
from jobs.scheduling.relay import Relay, Ringer
from jobs.states import State
from tests.doors.rows import ADD, job
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
PLACES = 3


@pytest.fixture(autouse=True)
def small(settings):
    settings.JOBS_OUTSTANDING_PER_QUEUE = PLACES
    window.look_again()
    yield
    window.look_again()


@pytest.fixture
def relay():
    assert Leader.hold(Leader.RELAY, "here", 60)


def rung(broker, queue: str = "celery") -> set[str]:
    return {json.loads(message)["headers"]["id"] for message in broker.messages(queue)}


def ask(many: int, **wish) -> list[Job]:
    return [enqueue(ADD, {"x": 1, "y": 2}, **wish) for _ in range(many)]


def ids(jobs: list[Job]) -> set[str]:
    return {each.id for each in jobs}


def test_a_call_rings_as_long_as_its_queue_has_room(broker, relay):
    jobs = ask(PLACES + 2)
    elsewhere = ask(1, queue="elsewhere")
    eventually(lambda: rung(broker, "elsewhere") == ids(elsewhere))
    assert rung(broker) == ids(jobs[:PLACES])
    rows = Job.objects.filter(pk__in=ids(jobs[PLACES:]))
    assert {(row.state, row.ring_at <= timezone.now()) for row in rows} == {
        (State.QUEUED, True)
    }


def test_the_relay_rings_for_the_others_when_places_become_free(broker, relay):
    jobs = ask(PLACES + 2)
    eventually(lambda: rung(broker) == ids(jobs[:PLACES]))
    assert (ring_due(), is_any_due()) == (0, True)
    Job.objects.filter(pk__in=ids(jobs[:2])).move(State.CANCELLED)
    assert (ring_due(), is_any_due()) == (2, False)
    assert rung(broker) == ids(jobs)


def test_what_has_ended_or_runs_takes_no_place(relay):
    for state in (State.COMPLETED, State.CANCELLED, State.RUNNING, State.PAUSED):
        job(state, ring_at=None)
    job(ring_at=timezone.now() + timedelta(seconds=60))
    assert window.room_of("celery") == PLACES - 1


def test_without_a_relay_every_call_rings(broker):
    """Nobody would do it later."""
    jobs = ask(PLACES + 2)
    eventually(lambda: rung(broker) == ids(jobs))


def test_the_relay_does_not_rest_while_jobs_are_taken_and_others_wait(broker):
    ringer = Ringer(Relay())
    ringer.relay.leads = True
    rest = ringer.pause()
    jobs = [job(ring_at=timezone.now()) for _ in range(PLACES + 1)]
    ringer.tick()
    assert ringer.pause() < rest
    ringer.tick()  # no place became free
    assert ringer.pause() == rest
    Job.objects.filter(pk=jobs[0].pk).move(State.CANCELLED)
    ringer.tick()
    assert ringer.pause() == rest, "the last one was rung"
