"""What somebody tries who may look at schedules, or who manages one task, to get more run
than that: through the admin, where the stock pages let them, and through the API."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs.models import Event, Job, Schedule

from . import desk, rows

OWN, THEIRS = rows.ADD, desk.FAIL
ODD = {
    "headers": '{"task": "celery.map"}', "exchange": "x", "routing_key": "root",
    "expires": "2030-01-01T00:00Z", "regtask": "celery.map", "last_run_at": "2001-01-01T00:00Z",
    "total_run_count": 5, "id": 99, "key": "code", "coded": {}, "flaw": "",
}  # fmt: skip


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    """One who manages a task, one who sees it; a schedule of each kind of person, which share
    their crontab."""
    viewers, managers = (Group.objects.create(name=name) for name in ("v", "m"))
    task = rows.task(OWN)
    task.viewers.add(viewers)
    task.managers.add(managers)
    rows.task(THEIRS)
    rights = desk.model_permissions("view", "add", "change", "delete")
    boss = desk.staff("boss", is_superuser=True)
    manager = desk.staff("manager", managers, may=rights)
    shared = CrontabSchedule.objects.create(minute="0", hour="3")
    entries = {
        "own": desk.schedule("own", OWN, crontab=shared),
        "bosses": desk.schedule("bosses", OWN, crontab=shared),
        "theirs": desk.schedule("theirs", THEIRS, kwargs="{}", crontab=shared),
    }
    for name, person in (("own", manager), ("bosses", boss), ("theirs", boss)):
        Schedule.objects.filter(pk=entries[name].pk).update(run_as=person)
    viewer = desk.staff("viewer", viewers, may=rights)
    return SimpleNamespace(boss=boss, manager=manager, viewer=viewer, shared=shared, **entries)


def stored() -> list[Any]:
    """All that an attack could want to change."""
    kinds = (PeriodicTask, Schedule, CrontabSchedule, IntervalSchedule, Job, Event)
    return [row for kind in kinds for row in kind.objects.order_by("pk").values()]


def by_api(person: Any, entry: PeriodicTask | None, **values: Any) -> int:
    client, how = desk.at(person), {"content_type": "application/json"}
    if entry is None:
        return client.post("/api/schedules", json.dumps(values), **how).status_code
    return client.patch(f"/api/schedules/{entry.pk}", json.dumps(values), **how).status_code


def by_admin(person: Any, entry: PeriodicTask | None, **values: Any) -> int:
    """The same in the words of the form, sent by one who can see it or not."""
    said = {f"given-{n}": v for n, v in values.pop("params", {}).items()}
    said |= {name: "" if value is None else value for name, value in values.items()}
    if "task" in said:
        said["fields-of"] = said["task"]
    page = desk.address(PeriodicTask, "change", entry.pk) if entry else ""
    return (
        desk.at(person)
        .post(
            page or desk.address(PeriodicTask, "add"),
            desk.filled(person, entry, **said),
        )
        .status_code
    )


DOORS = pytest.mark.parametrize("door", [by_api, by_admin])


@DOORS
@pytest.mark.parametrize("name", ["own", "bosses", "theirs"])
def test_who_may_only_look_edits_nothing(world, door, name):
    before = stored()
    entry = getattr(world, name)
    assert door(world.viewer, entry, name="mine") in (302, 403, 404)
    assert stored() == before


@DOORS
@pytest.mark.parametrize(
    "values",
    [
        {"name": "new", "task": THEIRS, "params": {}},
        {"name": "new", "task": "celery.map", "params": {}},
        {"name": "new", "task": OWN, "params": {"x": 1}, "run_as": "boss"},
        {"name": "new", "task": OWN, "params": {"x": 1}, "run_as": None},
        {"name": "new", "task": OWN, "params": {"x": 1}, "queue": "root"},
    ],
)
def test_nobody_makes_one_beyond_their_rights(world, door, values):
    before = stored()
    when = {"cron": "0 4 * * *"} if door is by_api else {}
    assert door(world.manager, None, **values, **when) in (200, 422)
    assert stored() == before


@DOORS
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("own", {"task": THEIRS, "params": {}}),
        ("own", {"task": "celery.map", "params": {}}),
        ("own", {"run_as": "boss"}),
        ("own", {"run_as": None}),
        ("own", {"queue": "root"}),
        ("bosses", {"params": {"x": 666}}),
        ("bosses", {"params": {"x": 666}, "run_as": "boss"}),
        ("bosses", {"params": {"x": 666}, "run_as": None}),
        ("theirs", {"name": "mine"}),
        ("theirs", {"task": OWN, "params": {"x": 1}}),
    ],
)
def test_nobody_turns_one_into_more_than_their_rights(world, door, name, values):
    before = stored()
    assert door(world.manager, getattr(world, name), **values) in (200, 302, 403, 404, 422)
    assert stored() == before


def test_what_no_door_sets_is_refused_by_one_and_not_heard_by_the_other(world):
    before = stored()
    for name, value in ODD.items():
        assert by_api(world.boss, world.own, **{name: value}) == 422
    by_admin(world.boss, world.own, **ODD)
    assert stored() == before


@DOORS
def test_nobody_retimes_a_neighbour(world, door):
    """On the stock pages the three schedules are one: retime it and all move."""
    when = {"cron": "15 9 * * *"} | ({"timing": "cron"} if door is by_admin else {})
    assert door(world.manager, world.own, **when) in (200, 302)
    world.own.refresh_from_db()
    assert (world.own.crontab.minute, world.own.crontab.hour) == ("15", "9")
    for neighbour in (world.bosses, world.theirs):
        neighbour.refresh_from_db()
        assert neighbour.crontab == world.shared
        assert (neighbour.crontab.minute, neighbour.crontab.hour) == ("0", "3")


@pytest.mark.parametrize("verb", ["fire", "pause", "resume", "enable", "disable", "reset"])
def test_who_may_only_look_does_no_verb(world, verb):
    before = stored()
    for name in ("own", "bosses", "theirs"):
        at = f"/api/schedules/{getattr(world, name).pk}/{verb}"
        answer = desk.at(world.viewer).post(at, content_type="application/json")
        assert answer.status_code in (403, 404)
    assert stored() == before


def test_who_fires_one_of_another_owns_the_job(world):
    at = f"/api/schedules/{world.bosses.pk}/fire"
    assert desk.at(world.manager).post(at, content_type="application/json").status_code == 202
    assert Job.objects.get().owner == world.manager


KEYS = {"0": "0", "big": "9" * 20, "huge": "9" * 5000, "text": "abc", "sql": "1 OR 1=1"}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_that_is_none_is_no_fault_of_ours(world, key):
    client = desk.at(world.boss)
    assert client.get(f"/api/schedules/{key}").status_code == 404
    page = desk.address(PeriodicTask, "change", key)
    for sent in ({}, {"_reset": "1"}):
        assert client.post(page, sent).status_code in (302, 404)
