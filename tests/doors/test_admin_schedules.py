"""Schedules in the admin: who may see, make and change them; their list."""

import json
from typing import Any

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks

from jobs.models import Event, Schedule, Task
from jobs.scheduling.coded import described
from jobs.scheduling.entries import pause

from . import desk, rows


@pytest.fixture
def world(db: None) -> Any:
    return desk.agenda()


def change(entry: PeriodicTask) -> str:
    return desk.address(PeriodicTask, "change", entry.pk)


def names(person: Any) -> set[str]:
    page = desk.at(person).get(desk.address(PeriodicTask))
    assert page.status_code == 200
    return {entry.name for entry in page.context["cl"].result_list}


def test_each_sees_the_schedules_of_the_tasks_that_they_may_view(world):
    assert names(world.viewer) == names(world.runner) == names(world.manager) == {"nightly"}
    assert names(world.stranger) == set()
    assert names(world.planner) == names(world.boss) == {"nightly", "foreign"}


@pytest.mark.parametrize("role", ["viewer", "runner", "stranger"])
def test_permissions_on_models_change_nothing(world, role):
    """The stock page asks for these alone."""
    client = desk.at(getattr(world, role))
    mine = desk.filled(world.boss, world.entry, name="mine")
    assert client.post(change(world.entry), mine).status_code in (302, 403)
    assert client.get(desk.address(PeriodicTask, "add")).status_code == 403
    new = desk.filled(world.boss)
    assert client.post(desk.address(PeriodicTask, "add"), new).status_code == 403
    delete = desk.address(PeriodicTask, "delete", world.entry.pk)
    assert client.post(delete, {"post": "yes"}).status_code in (302, 403)
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == {"nightly", "foreign"}
    assert not Event.objects.exists()


@pytest.mark.parametrize("role", ["manager", "planner", "boss"])
def test_who_manages_the_task_changes_its_schedule_and_is_remembered(world, role):
    person = getattr(world, role)
    before = PeriodicTasks.last_change()
    form = desk.filled(person, world.entry, name="weekly", note="new", reason="as agreed")
    assert desk.at(person).post(change(world.entry), form).status_code == 302
    world.entry.refresh_from_db()
    assert (world.entry.name, world.entry.description) == ("weekly", "new")
    assert PeriodicTasks.last_change() > before
    event = Event.objects.get()
    assert (event.verb, event.subject, event.actor) == ("edit", "weekly", person)
    assert event.before == {"name": "nightly", "note": ""}
    assert event.after == {"name": "weekly", "note": "new"}
    assert event.reason == "as agreed"


def test_who_changes_what_runs_lets_it_run_as_themselves(world):
    """It ran as the system: with parameters of a manager it must not go on so."""
    client = desk.at(world.manager)
    form = desk.filled(world.manager, world.entry, **{"given-x": "2"})
    assert "run_as" in desk.errors(client.post(change(world.entry), form))
    form |= {"run_as": "manager"}
    assert client.post(change(world.entry), form).status_code == 302
    world.entry.refresh_from_db()
    assert json.loads(world.entry.kwargs) == {"x": 2}
    assert world.entry.policy.run_as == world.manager


def test_saving_without_a_change_writes_no_event_and_no_row(world):
    before = PeriodicTask.objects.values().get(pk=world.entry.pk)
    form = desk.filled(world.boss, world.entry)
    assert desk.at(world.boss).post(change(world.entry), form).status_code == 302
    assert not Event.objects.exists()
    assert PeriodicTask.objects.values().get(pk=world.entry.pk) == before


def test_a_manager_makes_and_deletes_a_schedule(world):
    client = desk.at(world.manager)
    new = desk.filled(world.manager)
    assert client.post(desk.address(PeriodicTask, "add"), new).status_code == 302
    made = PeriodicTask.objects.get(name="new")
    assert made.policy.run_as == world.manager
    client.post(desk.address(PeriodicTask, "delete", made.pk), {"post": "yes"})
    assert not PeriodicTask.objects.filter(name="new").exists()
    mine = Event.objects.filter(subject="new", actor=world.manager)
    assert sorted(mine.values_list("verb", flat=True)) == ["create", "delete"]


def test_one_of_the_code_is_reset_and_not_deleted(world):
    said = described(world.entry)
    Schedule.objects.filter(pk=world.entry.pk).update(key="nightly", coded=said)
    client = desk.at(world.boss)
    assert "Reset it to the code" not in client.get(change(world.entry)).content.decode()
    client.post(change(world.entry), desk.filled(world.boss, world.entry, every="5"))
    assert "Reset it to the code" in client.get(change(world.entry)).content.decode()
    delete = desk.address(PeriodicTask, "delete", world.entry.pk)
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert desk.at(world.viewer).post(change(world.entry), {"_reset": "1"}).status_code == 403
    assert desk.at(world.stranger).post(change(world.entry), {"_reset": "1"}).status_code == 404
    assert client.post(change(world.entry), {"_reset": "1"}).status_code == 302
    assert described(PeriodicTask.objects.get(pk=world.entry.pk)) == said
    assert Event.objects.filter(verb="reset", actor=world.boss).count() == 1


@pytest.mark.parametrize(
    "task", ["celery.map", "celery.backend_cleanup", "os.system", desk.FAIL, ""]
)
def test_a_manager_puts_no_task_but_their_own_into_a_schedule(world, task):
    form = desk.filled(world.manager, world.entry) | {"task": task, "fields-of": task}
    response = desk.at(world.manager).post(change(world.entry), form)
    assert "task" in desk.errors(response)
    world.entry.refresh_from_db()
    assert world.entry.task == rows.ADD


def test_not_even_a_superuser_types_the_name_of_a_built_in_task(world):
    form = desk.filled(world.boss, world.entry) | {"task": "celery.map", "fields-of": ""}
    assert "task" in desk.errors(desk.at(world.boss).post(change(world.entry), form))


def test_who_plans_everything_chooses_only_what_they_may_run(world):
    planner = desk.at(world.planner)
    form = desk.filled(world.planner, world.entry) | {"task": desk.FAIL, "fields-of": ""}
    assert "task" in desk.errors(planner.post(change(world.entry), form))
    own = desk.filled(world.planner, world.foreign, note="kept its task")
    assert planner.post(change(world.foreign), own).status_code == 302


@pytest.mark.parametrize("role", ["viewer", "boss"])
def test_the_list_asks_the_database_as_often_for_forty_as_for_one(world, role):
    few = desk.queries(getattr(world, role), desk.address(PeriodicTask))
    for number in range(40):
        row = CrontabSchedule.objects.create(minute=number)
        desk.schedule(f"s{number}", crontab=row)
    assert desk.queries(getattr(world, role), desk.address(PeriodicTask)) == few


def test_the_list_is_narrowed_by_what_keeps_schedules_from_coming(world):
    pause(world.entry, by=world.boss, note="the provider is down")
    Schedule.objects.filter(pk=world.foreign.pk).update(run_as=world.boss)
    PeriodicTask.objects.filter(pk=world.foreign.pk).update(enabled=False, queue="slow")

    def found(query: str) -> set[str]:
        page = desk.at(world.boss).get(f"{desk.address(PeriodicTask)}?{query}")
        return {entry.name for entry in page.context["cl"].result_list}

    assert found("state=paused") == found("run_as=-") == {"nightly"}
    assert found("state=off") == found("run_as=boss") == found("queue=slow") == {"foreign"}
    assert found(f"task={desk.FAIL}") == {"foreign"}
    assert found("state=on") == found("state=flawed") == found("run_as=nobody") == set()
    shown = desk.at(world.boss).get(desk.address(PeriodicTask)).content.decode()
    assert "paused: the provider is down" in shown


def test_what_is_not_shown_cannot_be_searched(world):
    page = desk.address(PeriodicTask)
    for lookup in ("kwargs__contains=1", "headers__startswith=a", "crontab__minute=1"):
        assert desk.at(world.boss).get(f"{page}?{lookup}").status_code == 400
    assert Task.objects.exists()
