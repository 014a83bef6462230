"""Tags and notes are people's own, whatever a job does."""

import pytest
from django.contrib.auth.models import User

from jobs.execution import control
from jobs.execution.control import Order
from jobs.models import Event, Job
from jobs.states import State
from tests.doors import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return Order(User.objects.create_user("olivia"), "because")


@pytest.mark.parametrize("state", State)
def test_they_change_in_every_state_and_nothing_else_does(order, state):
    job = rows.job(state)
    before = Job.objects.values().get()
    assert control.annotate(Job.objects.all(), order, tags=("a",), note="n") == 1
    after = Job.objects.values().get()
    assert {name for name in after if after[name] != before[name]} == {
        "tags",
        "note",
        "version",
    }
    event = Event.objects.get(job=job)
    assert (event.verb, event.reason, event.actor) == ("edit", "because", order.by)
    assert event.after == {"tags": ["a"], "note": "n"}


def test_what_is_not_given_stays_and_what_is_the_same_is_no_event(order):
    rows.job(tags=["a"], note="n")
    rows.job(tags=["b"], note="n")
    assert control.annotate(Job.objects.all(), order, tags=["a"]) == 1
    assert {job.note for job in Job.objects.all()} == {"n"}
    assert Event.objects.get().before == {"tags": ["b"]}
    assert control.annotate(Job.objects.all(), order) == 0
