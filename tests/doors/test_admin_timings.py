"""Crontabs, intervals and their like in the admin: shared by many, changed by few."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)

from jobs.models import Event

from . import desk, rows

pytestmark = pytest.mark.django_db
CRON = {
    "minute": "0",
    "hour": "3",
    "day_of_month": "*",
    "month_of_year": "*",
    "day_of_week": "*",
    "timezone": "UTC",
}


@pytest.fixture
def world() -> Any:
    """A crontab that two schedules share, of a manager's task and of a foreign one."""
    managers = Group.objects.create(name="m")
    rows.task().managers.add(managers)
    rows.task(desk.FAIL, title="Fail")
    shared, own, free = (CrontabSchedule.objects.create(hour=hour) for hour in (1, 2, 3))
    desk.schedule("mine", crontab=shared)
    desk.schedule("theirs", desk.FAIL, crontab=shared, kwargs="{}")
    desk.schedule("own", crontab=own)
    return SimpleNamespace(
        shared=shared,
        own=own,
        free=free,
        manager=desk.staff("manager", managers),
        planner=desk.staff("planner", may=("manage_schedules",)),
        stranger=desk.staff(
            "stranger", may=desk.model_permissions("view", "add", "change", "delete")
        ),
        boss=desk.staff("boss", is_superuser=True),
    )


def change(row: Any) -> str:
    return desk.address(type(row), "change", row.pk)


def hour(row: Any) -> str:
    return str(CrontabSchedule.objects.get(pk=row.pk).hour)


def test_a_shared_row_is_changed_only_by_who_manages_all_that_use_it(world):
    manager = desk.at(world.manager)
    assert manager.post(change(world.shared), CRON | {"hour": "9"}).status_code == 403
    assert hour(world.shared) == "1"
    before = PeriodicTasks.last_change()
    assert manager.post(change(world.own), CRON | {"hour": "9"}).status_code == 302
    assert hour(world.own) == "9"
    assert PeriodicTasks.last_change() > before
    for person, value in ((world.planner, "8"), (world.boss, "9")):
        reply = desk.at(person).post(change(world.shared), CRON | {"hour": value})
        assert (reply.status_code, hour(world.shared)) == (302, value)


def test_a_change_is_remembered(world):
    desk.at(world.manager).post(change(world.own), CRON | {"hour": "9"})
    event = Event.objects.get()
    assert (event.verb, event.actor) == ("edit", world.manager)
    assert event.subject.startswith("crontab ")
    assert (event.before["hour"], event.after["hour"]) == ("2", "9")


def test_what_is_used_is_deleted_by_nobody(world):
    """The stock page deletes the schedules with it."""
    client = desk.at(world.boss)
    one = client.post(desk.address(CrontabSchedule, "delete", world.shared.pk), {"post": "yes"})
    assert one.status_code == 403
    chosen = [world.shared.pk, world.free.pk]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    assert client.post(desk.address(CrontabSchedule), form).status_code == 403
    assert (CrontabSchedule.objects.count(), PeriodicTask.objects.count()) == (3, 3)


def test_what_is_free_is_deleted_by_who_may_schedule(world):
    page = desk.address(CrontabSchedule, "delete", world.free.pk)
    assert desk.at(world.manager).post(page, {"post": "yes"}).status_code == 302
    assert not CrontabSchedule.objects.filter(pk=world.free.pk).exists()
    assert Event.objects.get().verb == "delete"


@pytest.mark.parametrize(
    "model",
    [CrontabSchedule, IntervalSchedule, SolarSchedule, ClockedSchedule],
)
def test_who_manages_no_task_sees_and_makes_none(world, model):
    IntervalSchedule.objects.create(every=1, period="days")
    client = desk.at(world.stranger)
    assert client.get(desk.address(model)).context["cl"].result_count == 0
    assert client.get(desk.address(model, "add")).status_code == 403
    assert client.post(desk.address(model, "add"), CRON).status_code == 403


def test_a_row_tells_only_of_the_schedules_in_sight(world):
    page = desk.at(world.manager).get(change(world.shared)).content.decode()
    assert "mine" in page and "theirs" not in page
    listed = desk.at(world.manager).get(desk.address(CrontabSchedule)).context["cl"].result_list
    assert {row.pk: row.users for row in listed}[world.shared.pk] == 1


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"day_of_month": "31", "month_of_year": "2"}, "day_of_month"),
        ({"day_of_month": "31", "month_of_year": "4,6,9,11"}, "day_of_month"),
        ({"minute": "*/0"}, "minute"),
        ({"minute": "61"}, "minute"),
        ({"hour": "x"}, "hour"),
        ({"minute": ""}, "minute"),
        ({"minute": "0," * 200 + "0"}, "minute"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": ""}, "timezone"),
    ],
)
def test_a_crontab_that_never_comes_is_refused(world, changed, wrong):
    reply = desk.at(world.boss).post(desk.address(CrontabSchedule, "add"), CRON | changed)
    assert wrong in desk.errors(reply)
    assert CrontabSchedule.objects.count() == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"day_of_month": "29", "month_of_year": "2"},
        {"day_of_month": "30,31", "month_of_year": "2,4"},
        {"minute": "*/5", "hour": "8-17", "day_of_week": "1-5", "timezone": "America/Bogota"},
    ],
)
def test_a_crontab_that_comes_now_and_then_is_taken(world, changed):
    reply = desk.at(world.boss).post(desk.address(CrontabSchedule, "add"), CRON | changed)
    assert reply.status_code == 302


@pytest.mark.parametrize(
    ("number", "period"),
    [
        ("0", "seconds"),
        ("-1", "hours"),
        ("999999", "microseconds"),
        ("99999999999999", "days"),
        ("36526", "days"),
        ("1.5", "hours"),
        ("1", "fortnights"),
    ],
)
def test_an_interval_of_no_use_is_refused(world, number, period):
    form = {"every": number, "period": period}
    reply = desk.at(world.boss).post(desk.address(IntervalSchedule, "add"), form)
    assert {"every", "period"} & {*desk.errors(reply)}
    assert not IntervalSchedule.objects.exists()


@pytest.mark.parametrize(
    ("model", "form"),
    [
        (IntervalSchedule, {"every": "5", "period": "minutes"}),
        (SolarSchedule, {"event": "sunset", "latitude": "4.6", "longitude": "-74.1"}),
        (ClockedSchedule, {"clocked_time_0": "2030-01-01", "clocked_time_1": "10:00"}),
    ],
)
def test_every_kind_can_be_made_and_looked_at(world, model, form):
    client = desk.at(world.manager)
    assert client.post(desk.address(model, "add"), form).status_code == 302
    row = model.objects.get()
    assert client.get(desk.address(model)).status_code == 200
    assert client.get(change(row)).status_code == 200
    assert Event.objects.get().verb == "create"


def test_a_place_off_the_earth_is_refused(world):
    form = {"event": "sunset", "latitude": "91", "longitude": "0"}
    reply = desk.at(world.boss).post(desk.address(SolarSchedule, "add"), form)
    assert "latitude" in desk.errors(reply)
