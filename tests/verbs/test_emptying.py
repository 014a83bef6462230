"""Purging a queue and moving what waits in it: nothing vanishes."""

import pytest
from django.utils import timezone

from jobs.execution import emptying
from jobs.execution.order import Order
from jobs.models import Event, Job, Task
from jobs.params import Invalid
from jobs.states import State

from .test_halt import job, state

pytestmark = pytest.mark.django_db
WHY = Order(reason="asked for twice")


@pytest.fixture(autouse=True)
def task():
    Task.objects.create(name="tests.add", title="Add")
    Task.objects.create(name="tests.far", title="Far", queue="far")


def waiting() -> list[Job]:
    """One of each kind that would run now if there were room."""
    whys = ("queue", "slot", "rate", "broker")
    return [job(ring_at=timezone.now())] + [
        job(state=State.PENDING, waiting_for=why) for why in whys
    ]


def others() -> list[Job]:
    """What a purge is not about."""
    held = [job(state=State.PENDING, waiting_for=why) for why in ("start", "time", "upstream")]
    lease = {"lease": "mine", "lease_expires_at": timezone.now(), "attempt": 1}
    return [*held, job(state=State.PAUSED), job(state=State.RUNNING, **lease), job("other")]


def test_a_purge_cancels_what_is_ready_and_keeps_its_history(admin_user):
    gone, kept = waiting(), others()
    before = [*map(state, kept)]
    order = Order(admin_user, "asked for twice")
    done = emptying.purge("slow", order, expect=5)
    assert (done.done, done.left) == (5, 0)
    assert {state(row)[0] for row in gone} == {State.CANCELLED}
    assert {row.reason for row in gone} == {"asked for twice"}
    assert [*map(state, kept)] == before
    events = Event.objects.filter(verb="cancel", actor=admin_user)
    assert {event.job_id for event in events} == {row.pk for row in gone}
    told = Event.objects.get(verb="purge_queue")
    assert (told.subject, told.after) == ("slow", {"cancelled": 5})


def test_a_purge_needs_a_reason_and_does_nothing_to_more_than_was_seen():
    rows = waiting()
    with pytest.raises(Invalid):
        emptying.purge("slow", Order(reason="  "), expect=5)
    with pytest.raises(emptying.MoreThanExpected) as found:
        emptying.purge("slow", WHY, expect=4)
    assert found.value.count == 5
    assert State.CANCELLED not in {state(row)[0] for row in rows}
    assert not Event.objects.exists()


def test_a_purge_without_time_says_what_is_left(monkeypatch):
    waiting()
    monkeypatch.setattr(emptying, "PATIENCE", 0)
    done = emptying.purge("slow", WHY, expect=5)
    assert (done.done, done.left) == (0, 5)


def test_what_has_not_started_is_moved_all_of_it_or_some():
    rows, kept = waiting(), others()
    assert emptying.move("slow", "far", WHY, ids=[rows[0].pk, kept[-1].pk]).done == 1
    assert emptying.move("slow", "far", WHY).done == 4 + 4
    for row in (*rows, *kept):
        row.refresh_from_db()
    assert {row.queue for row in rows} == {"far"}
    assert [row.queue for row in kept] == ["far"] * 4 + ["slow", "other"]
    assert Event.objects.filter(verb="move_queue", subject="slow").count() == 2


@pytest.mark.parametrize("to", ["slow", "nobody-names-it", "", "*"])
def test_nothing_is_moved_to_where_nobody_would_take_it(to):
    row = job(ring_at=timezone.now())
    with pytest.raises(Invalid) as wrong:
        emptying.move("slow", to, WHY)
    assert "to" in wrong.value.fields
    row.refresh_from_db()
    assert row.queue == "slow"
