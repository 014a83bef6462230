"""Schedules in the admin: who may see, make and change them, and with what."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks

from jobs.models import Event, Task
from jobs.params.secret import SEALED

from . import desk, rows


@pytest.fixture
def world(db: None) -> Any:
    """One task with its people, one task of strangers, a schedule of each."""
    viewers, runners, managers = (Group.objects.create(name=n) for n in ("v", "r", "m"))
    task = rows.task()
    task.viewers.add(viewers)
    task.runners.add(runners)
    task.managers.add(managers)
    rows.task(desk.FAIL, title="Fail")
    every_right = desk.model_permissions("view", "add", "change", "delete")
    return SimpleNamespace(
        task=task,
        entry=desk.schedule(),
        foreign=desk.schedule("foreign", desk.FAIL, kwargs="{}"),
        viewer=desk.staff("viewer", viewers, may=every_right),
        runner=desk.staff("runner", runners, may=every_right),
        manager=desk.staff("manager", managers),
        planner=desk.staff("planner", may=("manage_schedules",)),
        stranger=desk.staff("stranger", may=every_right),
        boss=desk.staff("boss", is_superuser=True),
    )


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
    changed = client.post(change(world.entry), desk.filled(world.entry, name="mine"))
    assert changed.status_code in (302, 403)
    assert client.get(desk.address(PeriodicTask, "add")).status_code == 403
    assert client.post(desk.address(PeriodicTask, "add"), desk.filled()).status_code == 403
    delete = desk.address(PeriodicTask, "delete", world.entry.pk)
    assert client.post(delete, {"post": "yes"}).status_code in (302, 403)
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == {"nightly", "foreign"}
    assert not Event.objects.exists()


@pytest.mark.parametrize("role", ["manager", "planner", "boss"])
def test_who_manages_the_task_changes_its_schedule_and_is_remembered(world, role):
    person = getattr(world, role)
    before = PeriodicTasks.last_change()
    form = desk.filled(world.entry, name="weekly", kwargs='{"x": 2}')
    assert desk.at(person).post(change(world.entry), form).status_code == 302
    world.entry.refresh_from_db()
    assert (world.entry.name, json.loads(world.entry.kwargs)) == ("weekly", {"x": 2})
    assert PeriodicTasks.last_change() > before
    event = Event.objects.get()
    assert (event.verb, event.subject, event.actor) == ("edit", "weekly", person)
    assert event.before == {"name": "nightly", "params": {"x": 1}}
    assert event.after == {"name": "weekly", "params": {"x": 2}}


def test_saving_without_a_change_writes_no_event(world):
    form = desk.filled(world.entry)
    assert desk.at(world.boss).post(change(world.entry), form).status_code == 302
    assert not Event.objects.exists()


def test_beat_may_write_its_columns_while_a_person_edits(world, monkeypatch):
    stored = PeriodicTask.validate_unique

    def meanwhile(self: PeriodicTask, *args: Any, **kwargs: Any) -> Any:
        PeriodicTask.objects.filter(pk=self.pk).update(total_run_count=7)
        return stored(self, *args, **kwargs)

    monkeypatch.setattr(PeriodicTask, "validate_unique", meanwhile)
    desk.at(world.boss).post(change(world.entry), desk.filled(world.entry, name="weekly"))
    world.entry.refresh_from_db()
    assert (world.entry.name, world.entry.total_run_count) == ("weekly", 7)


def test_a_manager_makes_and_deletes_a_schedule(world):
    client = desk.at(world.manager)
    assert client.post(desk.address(PeriodicTask, "add"), desk.filled()).status_code == 302
    made = PeriodicTask.objects.get(name="new")
    client.post(desk.address(PeriodicTask, "delete", made.pk), {"post": "yes"})
    assert not PeriodicTask.objects.filter(name="new").exists()
    verbs = Event.objects.filter(subject="new", actor=world.manager).values_list(
        "verb", flat=True
    )
    assert sorted(verbs) == ["create", "delete"]


@pytest.mark.parametrize(
    "task",
    ["celery.map", "celery.backend_cleanup", "os.system", desk.FAIL, ""],
)
def test_a_manager_puts_no_task_but_their_own_into_a_schedule(world, task):
    form = desk.filled(world.entry, task=task, kwargs="{}")
    assert "task" in desk.errors(desk.at(world.manager).post(change(world.entry), form))
    world.entry.refresh_from_db()
    assert world.entry.task == rows.ADD


def test_not_even_a_superuser_types_the_name_of_a_built_in_task(world):
    form = desk.filled(world.entry, task="celery.map", kwargs="{}")
    assert "task" in desk.errors(desk.at(world.boss).post(change(world.entry), form))


def test_who_plans_everything_chooses_only_what_they_may_run(world):
    planner = desk.at(world.planner)
    form = desk.filled(world.entry, task=desk.FAIL, kwargs="{}")
    assert "task" in desk.errors(planner.post(change(world.entry), form))
    own = desk.filled(world.foreign, description="kept its task")
    assert planner.post(change(world.foreign), own).status_code == 302


def test_headers_and_routes_are_no_fields(world):
    """With them the stock form runs another task on another queue."""
    odd = {
        "headers": '{"task": "celery.map"}',
        "queue": "root",
        "exchange": "x",
        "routing_key": "x",
        "regtask": "celery.map",
        "last_run_at": "2001-01-01",
        "total_run_count": "5",
        "id": "99",
    }
    client = desk.at(world.boss)
    fields = client.get(change(world.entry)).context["adminform"].form.fields
    assert not {*odd} & {*fields}
    assert client.post(change(world.entry), desk.filled(world.entry, **odd)).status_code == 302
    after = PeriodicTask.objects.get(pk=world.entry.pk)
    assert (after.headers, after.queue, after.exchange, after.routing_key) == (
        "{}",
        None,
        None,
        None,
    )
    assert (after.task, after.total_run_count, after.last_run_at) == (rows.ADD, 0, None)


def test_what_was_stored_elsewhere_is_shown_and_stays(world):
    stored = {"headers": '{"task": "celery.map"}', "queue": "root"}
    PeriodicTask.objects.filter(pk=world.entry.pk).update(**stored)
    client = desk.at(world.manager)
    page = client.get(change(world.entry)).content.decode()
    assert "set elsewhere: headers, queue" in page
    assert "celery.map" in page
    client.post(change(world.entry), desk.filled(world.entry, name="weekly"))
    after = PeriodicTask.objects.get(pk=world.entry.pk)
    assert (after.name, after.headers, after.queue) == ("weekly", stored["headers"], "root")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kwargs": '{"x": "many"}'}, "kwargs"),
        ({"kwargs": "{}"}, "kwargs"),
        ({"kwargs": '{"x": 1, "z": 2}'}, "kwargs"),
        ({"kwargs": '{"x": 1, "x": 2}'}, "kwargs"),
        ({"kwargs": '{"x": NaN}'}, "kwargs"),
        ({"kwargs": "[" * 10_000}, "kwargs"),
        ({"kwargs": '{"x": ' + "9" * 5_000 + "}"}, "kwargs"),
        ({"kwargs": '{"x": {"$secret": "stolen"}}'}, "kwargs"),
        ({"kwargs": '{"x": {"__type__": "jobs.Secret", "__value__": "?"}}'}, "kwargs"),
        ({"kwargs": "[]"}, "kwargs"),
        ({"args": "{}"}, "args"),
        ({"args": "[1", "kwargs": "{}"}, "args"),
        ({"args": "[1, 2, 3]", "kwargs": "{}"}, "kwargs"),
        ({"args": "[1]", "kwargs": '{"x": 1}'}, "kwargs"),
        ({"priority": "10"}, "priority"),
        ({"name": "two\u202elines"}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"name": "foreign"}, "name"),
        ({"interval": None}, "__all__"),
        ({"expires_0": "2030-01-01", "expires_1": "10:00", "expire_seconds": "5"}, "__all__"),
    ],
)
def test_wrong_input_is_told_at_its_field_and_changes_nothing(world, fields, wrong):
    response = desk.at(world.manager).post(
        change(world.entry), desk.filled(world.entry, **fields)
    )
    assert wrong in desk.errors(response)
    after = PeriodicTask.objects.get(pk=world.entry.pk)
    assert (after.name, after.kwargs, after.args) == ("nightly", '{"x": 1}', "[]")
    assert not Event.objects.exists()


def test_arguments_by_position_are_judged_as_well(world):
    form = desk.filled(world.entry, args="[1, 2]", kwargs="{}")
    assert desk.at(world.manager).post(change(world.entry), form).status_code == 302
    assert json.loads(PeriodicTask.objects.get(pk=world.entry.pk).args) == [1, 2]


def test_a_schedule_of_a_task_that_is_gone_can_be_disabled_but_not_be_given_anything(world):
    gone = desk.schedule("gone", "old.task", kwargs='{"key": "in the clear"}')
    client = desk.at(world.boss)
    page = client.get(change(gone))
    assert "in the clear" not in page.content.decode()
    shown = page.context["adminform"].form.initial["kwargs"]
    assert "kwargs" in desk.errors(client.post(change(gone), desk.filled(gone, kwargs="{}")))
    form = desk.filled(gone, enabled=None, kwargs=shown.replace("\n", "\r\n"))
    assert client.post(change(gone), form).status_code == 302
    gone.refresh_from_db()
    assert (gone.enabled, gone.kwargs) == (False, '{"key": "in the clear"}')


def test_a_secret_is_sealed_in_the_row_and_masked_everywhere(world):
    task = rows.task(desk.LOG_IN, title="Log in")
    task.viewers.set(world.task.viewers.all())
    client = desk.at(world.boss)
    secret = {"user": "ada", "password": "hunter2", "token": "plain-hint"}
    form = desk.filled(name="login", task=desk.LOG_IN, kwargs=json.dumps(secret))
    assert client.post(desk.address(PeriodicTask, "add"), form).status_code == 302
    entry = PeriodicTask.objects.get(name="login")
    kept = json.loads(entry.kwargs)
    assert kept["user"] == "ada" and {*kept["password"], *kept["token"]} == {SEALED}

    page = client.get(change(entry))
    told = page.context["adminform"].form.initial["kwargs"]
    read = desk.at(world.viewer).get(change(entry))
    book = json.dumps(list(Event.objects.values("before", "after")))
    for text in (page.content.decode(), told, read.content.decode(), book):
        assert "hunter2" not in text and "plain-hint" not in text
        assert kept["password"][SEALED] not in text

    changed = told.replace("ada", "eve")
    assert client.post(change(entry), desk.filled(entry, kwargs=changed)).status_code == 302
    entry.refresh_from_db()
    from jobs.scheduling.given import asked

    assert asked(entry) == {"user": "eve", "password": "hunter2", "token": "plain-hint"}


def test_a_choice_of_five_hundred_is_a_list_and_a_longer_one_a_number(world):
    client = desk.at(world.boss)
    assert "<select" in str(
        client.get(change(world.entry)).context["adminform"].form["crontab"]
    )
    rest = [CrontabSchedule(minute=n % 60, hour=n // 60) for n in range(501)]
    CrontabSchedule.objects.bulk_create(rest)
    field = str(client.get(change(world.entry)).context["adminform"].form["crontab"])
    assert "<select" not in field and 'type="text"' in field


@pytest.mark.parametrize("role", ["viewer", "boss"])
def test_the_list_asks_the_database_as_often_for_forty_as_for_one(world, role):
    few = desk.queries(getattr(world, role), desk.address(PeriodicTask))
    for number in range(40):
        row = CrontabSchedule.objects.create(minute=number)
        desk.schedule(f"s{number}", crontab=row)
    assert desk.queries(getattr(world, role), desk.address(PeriodicTask)) == few


def test_the_form_runs_no_script_of_its_own(world):
    page = desk.at(world.boss).get(change(world.entry)).content.decode()
    for tag in page.split("<script")[1:]:
        opening, _, rest = tag.partition(">")
        body = rest.partition("</script>")[0].strip()
        assert body == "" or 'type="application/json"' in opening, body
    assert " style=" not in page


def test_what_is_not_shown_cannot_be_searched(world):
    page = desk.address(PeriodicTask)
    for lookup in ("kwargs__contains=1", "headers__startswith=a", "crontab__minute=1"):
        assert desk.at(world.boss).get(f"{page}?{lookup}").status_code == 400
    assert Task.objects.exists()
