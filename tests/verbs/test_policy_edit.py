"""What operators say of a task is written with its event, and over nobody's head."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from jobs.dispatch.policy import policy_of
from jobs.execution import policy
from jobs.execution.order import Order
from jobs.models import Event, Task
from jobs.params import Invalid
from tests.doors import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return Order(User.objects.create_user("manager"), "It hurts.")


@pytest.fixture(autouse=True)
def task() -> Task:
    rows.task("other.task", queue="heavy")
    return rows.task()


def test_an_edit_tells_who_what_before_after_and_why(order):
    runners = Group.objects.create(name="crew")
    changes = {"queue": "heavy", "time_limit": 60.0, "runners": [runners], "priority": None}
    assert policy.edit(rows.ADD, order, changes)
    event = Event.objects.get()
    assert (event.verb, event.actor, event.task_id) == ("edit", order.by, rows.ADD)
    assert event.reason == "It hurts."
    assert event.before == {"queue": "", "time_limit": None, "runners": []}
    assert event.after == {"queue": "heavy", "time_limit": 60.0, "runners": ["crew"]}
    assert policy_of(rows.ADD).queue == "heavy"


def test_who_manages_a_task_chooses_a_queue_and_who_controls_queues_names_one(order, task):
    with pytest.raises(Invalid) as told:
        policy.edit(rows.ADD, order, {"queue": "privileged"})
    assert [*told.value.fields] == ["queue"]
    order.by.user_permissions.add(Permission.objects.get(codename="control_queues"))
    by = User.objects.get(pk=order.by.pk)
    assert policy.edit(rows.ADD, Order(by, ""), {"queue": "privileged"})
    assert policy.edit(rows.ADD, order, {"queue": "privileged", "priority": 3})


@pytest.mark.parametrize(("on", "verb"), [(False, "disable"), (True, "enable")])
def test_switching_it_is_a_verb_of_its_own(order, task, on, verb):
    Task.objects.update(enabled=not on)
    assert policy.edit(rows.ADD, order, {"enabled": on})
    assert Event.objects.get().verb == verb
    assert policy_of(rows.ADD).enabled is on


def test_limits_are_in_force_at_once_and_off_is_a_word_too(order):
    changes = {"max_running": 3, "rate": "10/m", "burst": 2}
    assert policy.edit(rows.ADD, order, changes)
    holds = policy_of(rows.ADD)
    assert (holds.max_running, holds.rate, holds.burst, holds.is_limited) == (
        3,
        "10/m",
        2,
        True,
    )
    assert Event.objects.get().after == changes
    assert policy.edit(rows.ADD, order, {"max_running": 0, "rate": "off"})
    assert not policy_of(rows.ADD).is_limited


def test_the_same_again_writes_no_event(order):
    assert not policy.edit(rows.ADD, order, {"queue": "", "viewers": []})
    assert not Event.objects.exists()


def test_what_another_person_saved_meanwhile_is_not_written_over(order, task):
    seen = policy.fingerprint(task)
    policy.edit(rows.ADD, order, {"queue": "heavy"}, seen=seen)
    with pytest.raises(policy.Outdated):
        policy.edit(rows.ADD, order, {"queue": "celery"}, seen=seen)
    assert Task.objects.get(pk=rows.ADD).queue == "heavy"
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"queue": "a b"}, "queue"),
        ({"queue": "a\n"}, "queue"),
        ({"priority": 10}, "priority"),
        ({"priority": -1}, "priority"),
        ({"time_limit": 0.0}, "time_limit"),
        ({"stall_after": float("nan")}, "stall_after"),
        ({"soft_time_limit": 1e12}, "soft_time_limit"),
        ({"soft_time_limit": 5.0, "time_limit": 5.0}, "soft_time_limit"),
        ({"max_running": -1}, "max_running"),
        ({"max_running": 10**9}, "max_running"),
        ({"max_running_per_key": 1}, "max_running_per_key"),
        ({"rate": "0/m"}, "rate"),
        ({"rate": "10/w"}, "rate"),
        ({"rate": "nan/s"}, "rate"),
        ({"rate": "9999/s"}, "rate"),
        ({"burst": 0}, "burst"),
    ],
)
def test_what_no_job_could_run_with_is_refused(order, changes, field):
    with pytest.raises(Invalid) as refused:
        policy.edit(rows.ADD, order, {"enabled": False, **changes})
    assert set(refused.value.fields) == {field}
    assert Task.objects.get(pk=rows.ADD).enabled
    assert not Event.objects.exists()
