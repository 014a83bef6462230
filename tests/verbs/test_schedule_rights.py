"""Nobody gets by a schedule what they could not get by a run: no other task, no other
name, no other queue."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.execution.order import Order
from jobs.models import Event, Schedule
from jobs.params import Invalid
from jobs.scheduling.coded import described, reset
from jobs.scheduling.edit import delete, told
from tests import sample_tasks
from tests.doors import rows

from .timetable import ADD, FAIL, change, made, now_of, wrong

pytestmark = pytest.mark.django_db


def person(name: str, *groups: Group, may: tuple[str, ...] = ()) -> User:
    made = rows.user(name, *groups)
    made.user_permissions.set(Permission.objects.filter(codename__in=may))
    return made


@pytest.fixture
def world() -> SimpleNamespace:
    """A task with people of each kind, and one that is none of theirs."""
    viewers, runners, managers = (Group.objects.create(name=n) for n in ("v", "r", "m"))
    task = rows.task()
    task.viewers.add(viewers)
    task.runners.add(runners)
    task.managers.add(managers)
    rows.task(FAIL, queue="theirs")
    return SimpleNamespace(
        viewer=person("viewer", viewers),
        runner=person("runner", runners),
        manager=person("manager", managers),
        colleague=person("colleague", managers),
        planner=person("planner", may=("manage_schedules",)),
        boss=rows.user("boss", is_superuser=True),
    )


def said(schedule: Schedule) -> dict[str, Any]:
    return told(now_of(schedule))


@pytest.mark.parametrize("role", ["viewer", "runner"])
def test_who_does_not_manage_the_task_makes_and_changes_nothing(world, role):
    schedule, by = made(world.boss), getattr(world, role)
    for verb in (
        lambda: made(by, name="mine"),
        lambda: change(by, schedule, note="mine"),
        lambda: delete(schedule.pk, Order(by, "")),
    ):
        with pytest.raises(PermissionDenied):
            verb()
    assert Event.objects.count() == 1


def test_a_manager_schedules_their_own_task_as_themselves(world):
    schedule = made(world.manager)
    assert said(schedule)["run_as"] == "manager"
    assert wrong(world.manager, name="foreign", task=FAIL, params={}) == ["task"]
    assert wrong(world.manager, schedule, task=FAIL, params={}) == ["task"]
    assert change(world.manager, schedule, params={"x": 2})
    delete(schedule.pk, Order(world.manager, ""))


def test_a_refused_task_says_nothing_of_its_parameters(world):
    assert wrong(world.manager, name="f", task=FAIL, params={"massage": 1}) == ["task"]
    assert wrong(world.manager, name="f", task="no.such", params={}) == ["task"]


def test_who_gave_a_schedule_to_another_task_must_manage_both(world):
    foreign = made(world.boss, task=FAIL, params={})
    with pytest.raises(PermissionDenied):
        change(world.manager, foreign, task=ADD, params={"x": 1})


def test_who_plans_everything_changes_what_runs_only_of_what_they_may_run(world):
    schedule = made(world.boss, task=FAIL, params={})
    assert change(world.planner, schedule, every_seconds=5)
    assert wrong(world.planner, schedule, params={"message": "mine"}) == ["task"]
    world.planner.groups.add(Group.objects.get(name="r"))
    planner = User.objects.get(pk=world.planner.pk)
    own = made(planner, name="own", run_as=None)
    assert said(own)["run_as"] is None


@pytest.mark.parametrize("name", ["boss", "colleague", None])
def test_a_manager_lets_nothing_run_as_another(world, name):
    assert wrong(world.manager, run_as=name) == ["run_as"]
    schedule = made(world.manager)
    assert wrong(world.manager, schedule, run_as=name) == ["run_as"]


@pytest.mark.parametrize("name", ["boss", "colleague", None])
@pytest.mark.parametrize(
    "changes",
    [{"params": {"x": 666}}, {"args": [666], "params": {}}, {"queue": "celery"}],
)
def test_what_runs_as_another_is_not_changed_under_their_name(world, name, changes):
    """Else a manager's parameters would be worked on with the rights of the boss."""
    schedule = made(world.boss, run_as=name)
    assert wrong(world.manager, schedule, **changes) == ["run_as"]
    assert change(world.manager, schedule, note="Seen.", every_seconds=5)
    assert said(schedule)["run_as"] == name, "when it comes is the managers' to say"
    mine = {**changes, "run_as": "manager"}
    assert change(world.manager, schedule, **mine)
    assert said(schedule)["run_as"] == "manager"
    event = Event.objects.order_by("id").last()
    assert (event.before["run_as"], event.after["run_as"]) == (name, "manager")


def test_nobody_learns_who_there_is(world):
    for name in ("boss", "no such person"):
        with pytest.raises(Invalid) as refused:
            made(world.manager, run_as=name)
        assert refused.value.fields == {"run_as": ["You may let it run as yourself only."]}


def test_it_runs_as_who_is_active_and_may_run_its_task(world):
    schedule = made(world.boss, run_as="runner")
    assert said(schedule)["run_as"] == "runner"
    assert wrong(world.boss, schedule, run_as="viewer") == ["run_as"]
    assert wrong(world.boss, schedule, task=FAIL, params={}) == ["run_as"]
    User.objects.filter(username="manager").update(is_active=False)
    assert wrong(world.boss, schedule, run_as="manager") == ["run_as"]


def test_the_name_of_somebody_who_is_gone_stays_until_it_is_set_anew(world):
    schedule = made(world.boss, run_as="runner")
    world.runner.delete()
    told_before = said(schedule)
    assert told_before["run_as"] not in (None, "runner")
    assert change(world.boss, schedule, **{**told_before, "note": "Gone."})
    assert Schedule.objects.get().run_as_id is not None
    assert wrong(world.manager, schedule, params={"x": 2}) == ["run_as"]
    assert change(world.boss, schedule, run_as=None)


def test_a_manager_chooses_a_queue_and_who_controls_queues_names_one(world):
    assert wrong(world.manager, queue="root") == ["queue"]
    schedule = made(world.manager, queue="theirs")
    assert wrong(world.manager, schedule, queue="root") == ["queue"]
    world.manager.user_permissions.add(Permission.objects.get(codename="control_queues"))
    manager = User.objects.get(pk=world.manager.pk)
    assert change(manager, schedule, queue="root")


def test_a_queue_that_was_given_to_one_task_is_not_for_another(world):
    rows.task(sample_tasks.give_back.name).managers.set(world.manager.groups.all())
    schedule = made(world.boss, queue="root", run_as="manager")
    assert change(world.manager, schedule, params={"x": 2})
    other = {"task": sample_tasks.give_back.name, "params": {}}
    assert wrong(world.manager, schedule, **other) == ["queue"]
    assert change(world.manager, schedule, **{**other, "queue": ""})


@pytest.mark.parametrize(
    "odd",
    [{"headers": '{"task": "celery.map"}'}, {"exchange": "x"}, {"routing_key": "root"}],
)
def test_what_others_routed_is_not_filled_anew_by_who_may_not_route(world, odd):
    """A header can name another task, and a route another worker."""
    schedule = made(world.manager)
    PeriodicTask.objects.update(**odd)
    assert wrong(world.manager, schedule, params={"x": 2}) == [""]
    assert change(world.manager, schedule, note="Odd.")
    assert change(world.boss, schedule, params={"x": 2})


def test_who_was_deactivated_may_schedule_nothing(world):
    User.objects.update(is_active=False)
    for by in User.objects.all():
        assert not permissions.may_schedule(by) and not permissions.eligible(by)
        assert not permissions.may_name_others(by)


def test_who_takes_back_an_edit_must_have_a_say_in_the_task_of_the_code(world):
    foreign = made(world.boss, task=FAIL, params={})
    coded = described(foreign.entry)
    change(world.boss, foreign, task=ADD, params={"x": 1})
    Schedule.objects.update(key="theirs", coded=coded)
    with pytest.raises(PermissionDenied):
        reset(now_of(foreign), by=world.manager)
    assert now_of(foreign).entry.task == ADD
    assert reset(now_of(foreign), by=world.boss, reason="As it was.")
    assert now_of(foreign).entry.task == FAIL
    assert Event.objects.get(verb="reset").reason == "As it was."
