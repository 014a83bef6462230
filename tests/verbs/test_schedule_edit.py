"""Schedules are made, changed and deleted by one verb each, and over nobody's head."""

import json
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from jobs.execution.order import Order
from jobs.models import Event, Schedule
from jobs.params import MASK, Invalid
from jobs.scheduling import edit as verbs
from jobs.scheduling import judges
from jobs.scheduling.edit import create, delete, drawn, edit, fingerprint, told
from jobs.scheduling.given import asked
from tests.doors import rows

from .beats import beat, first_due, run
from .timetable import ADD, LOG_IN, NIGHTLY, WHY, change, made, now_of, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def task_rows(db: None) -> None:
    rows.task()
    rows.task(LOG_IN)


@pytest.fixture
def boss() -> User:
    return rows.user("boss", is_superuser=True)


def test_what_is_made_is_said_in_the_same_words_and_comes_due(boss):
    changed = PeriodicTasks.last_change()
    schedule = made(boss, timezone="Europe/Berlin", overlap="skip", note="Each night.")
    said = told(schedule)
    assert said == told(now_of(schedule))
    assert {**said, **NIGHTLY} == said
    assert (said["timezone"], said["overlap"], said["run_as"]) == (
        "Europe/Berlin",
        "skip",
        "boss",
    )
    assert (said["every_seconds"], said["at"], said["solar"]) == (None, None, None)
    event = Event.objects.get()
    assert (event.verb, event.subject, event.task_id, event.actor) == (
        "create",
        "nightly",
        ADD,
        boss,
    )
    assert (event.reason, event.before, event.after) == ("It is time.", None, said)
    assert PeriodicTasks.last_change() != changed
    assert first_due(schedule.entry).astimezone(UTC).minute == 30


WAYS = [
    ({"cron": " 0  4 * * mon-fri "}, "cron", "0 4 * * mon-fri"),
    ({"every_seconds": 90}, "every_seconds", 90),
    ({"every_seconds": 7200}, "every_seconds", 7200),
    ({"at": "2031-01-02T03:04:05+01:00"}, "at", "2031-01-02T02:04:05+00:00"),
    ({"at": datetime(2031, 1, 2, tzinfo=UTC)}, "at", "2031-01-02T00:00:00+00:00"),
    (
        {"solar": {"event": "sunset", "latitude": 52.52, "longitude": 13}},
        "solar",
        {"event": "sunset", "latitude": 52.52, "longitude": 13.0},
    ),
]


@pytest.mark.parametrize(("way", "kind", "value"), WAYS)
def test_each_way_to_say_when_can_be_made_and_changed_to(boss, way, kind, value):
    first = create({"name": "first", "task": ADD, "params": {"x": 1}, **way}, Order(boss, WHY))
    other = made(boss)
    assert change(boss, other, **way)
    for schedule in (first, other):
        said = told(now_of(schedule))
        assert {each: said[each] for each in ("cron", "every_seconds", "at", "solar")} == {
            **dict.fromkeys(("cron", "every_seconds", "at", "solar")),
            kind: value,
        }
        assert now_of(schedule).entry.one_off is (kind == "at")
    assert now_of(first).entry.scheduler == now_of(other).entry.scheduler, "it is found"
    assert not change(boss, other, **way), "the same again is no edit"
    assert change(boss, other, cron="1 1 * * *")
    assert not now_of(other).entry.one_off


def test_an_edit_tells_who_what_before_after_and_why(boss):
    schedule = made(boss)
    changed = PeriodicTasks.last_change()
    changes = {"params": {"x": 2}, "jitter_seconds": 5, "name": "nightly", "cron": "0 3 * * *"}
    assert change(boss, schedule, **changes)
    event = Event.objects.get(verb="edit")
    assert (event.actor, event.reason, event.task_id) == (boss, "It is time.", ADD)
    assert event.before == {"params": {"x": 1}, "jitter_seconds": 0, "cron": "30 2 * * *"}
    assert event.after == {"params": {"x": 2}, "jitter_seconds": 5, "cron": "0 3 * * *"}
    assert PeriodicTasks.last_change() > changed
    assert not change(boss, schedule, **told(now_of(schedule)))
    assert Event.objects.count() == 2


@pytest.mark.parametrize(("on", "verb"), [(False, "disable"), (True, "enable")])
def test_switching_it_is_a_verb_of_its_own(boss, on, verb):
    schedule = made(boss, enabled=not on)
    PeriodicTask.objects.update(last_run_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert change(boss, schedule, enabled=on)
    assert Event.objects.order_by("id").last().verb == verb
    assert (now_of(schedule).entry.last_run_at is None) is (not on)


def test_what_another_person_saved_meanwhile_is_not_written_over(boss):
    schedule = made(boss, remaining=5)
    seen, order = fingerprint(schedule), Order(boss, WHY)
    Schedule.objects.update(remaining=4)
    assert edit(schedule.pk, {"jitter_seconds": 1}, Order(boss, WHY), seen=seen), (
        "beat counted, no person"
    )
    with pytest.raises(verbs.Outdated):
        edit(schedule.pk, {"jitter_seconds": 2}, order, seen=seen)
    assert now_of(schedule).jitter_seconds == 1


def test_rows_of_a_draft_are_stored_nowhere(boss):
    schedule = made(boss)
    entry = now_of(schedule).entry
    wanted = drawn({"every_seconds": 5, "name": "other"}, by=boss, entry=entry)
    assert (wanted.entry.interval.pk, wanted.entry.crontab, wanted.entry.name) == (
        None,
        None,
        "other",
    )
    assert (entry.name, entry.interval, entry.policy.entry is entry) == ("nightly", None, True)
    assert drawn(NIGHTLY | {"name": "new"}, by=boss).entry.pk is None
    assert not IntervalSchedule.objects.exists() and PeriodicTask.objects.count() == 1


def test_a_shared_row_is_left_to_the_others(boss):
    one, two = made(boss), made(boss, name="two")
    assert one.entry.crontab_id == two.entry.crontab_id
    assert change(boss, one, cron="0 5 * * *")
    assert told(now_of(two))["cron"] == "30 2 * * *"
    assert change(boss, two, timezone="Asia/Kathmandu")
    assert told(now_of(two))["cron"] == "30 2 * * *"
    assert str(now_of(two).entry.crontab.timezone) == "Asia/Kathmandu"


def test_a_name_is_given_once(boss):
    made(boss)
    assert wrong(boss) == ["name"]
    assert wrong(boss, made(boss, name="other"), name="nightly") == ["name"]


def test_what_was_good_enough_before_may_stay(boss):
    """Other programs store more than our doors take: it is judged when it is changed."""
    schedule = made(boss)
    odd = {"priority": 255, "queue": "root", "task": "old.task", "kwargs": '{"key": "clear"}',
           "headers": '{"task": "celery.map"}', "exchange": "x"}  # fmt: skip
    PeriodicTask.objects.filter(pk=schedule.pk).update(**odd)
    IntervalSchedule.objects.create(every=5, period="microseconds")
    said = told(now_of(schedule))
    assert said["params"] == {"key": MASK}
    assert change(boss, schedule, **{**said, "note": "What is this?"})
    entry = now_of(schedule).entry
    assert {name: getattr(entry, name) for name in odd} == odd
    assert wrong(boss, schedule, params={"key": "new"}) == ["task"]
    assert change(boss, schedule, enabled=False)


def test_a_secret_is_sealed_masked_and_kept_but_never_for_another_task(boss):
    secret = {"user": "ada", "password": "hunter2", "token": "plain-hint"}
    schedule = made(boss, task=LOG_IN, params=secret)
    said = told(schedule)
    assert said["params"] == {"user": "ada", "password": MASK, "token": MASK}
    assert change(boss, schedule, params={**said["params"], "user": "eve"})
    assert asked(now_of(schedule).entry) == {**secret, "user": "eve"}
    assert change(boss, schedule, params={**said["params"], "password": "new"})
    assert asked(now_of(schedule).entry)["password"] == "new"
    book = json.dumps([said, *Event.objects.values("before", "after")])
    assert "hunter2" not in book and "plain-hint" not in book
    assert change(boss, schedule, task=ADD, params={"x": 1})
    assert change(boss, schedule, task=LOG_IN, params=said["params"])
    assert asked(now_of(schedule).entry)["password"] == MASK


def test_another_task_is_not_given_what_the_one_before_was(boss):
    schedule = made(boss, task=LOG_IN, params={"user": "a", "password": "b", "token": "c"})
    assert wrong(boss, schedule, task=ADD) == ["params.x"]


def test_one_that_cannot_be_read_can_be_mended(boss):
    schedule = made(boss)
    PeriodicTask.objects.update(kwargs="{nonsense", crontab=None)
    run(beat())
    assert now_of(schedule).flaw
    said = told(now_of(schedule))
    assert (said["params"], said["cron"]) == (None, None)
    assert change(boss, schedule, note="It is broken.") is True
    assert change(boss, schedule, params={"x": 1}, every_seconds=60)
    run(beat())
    assert not now_of(schedule).flaw


def test_a_schedule_is_deleted_with_what_it_was(boss):
    schedule = made(boss)
    said = told(schedule)
    delete(schedule.pk, Order(boss, WHY))
    assert not PeriodicTask.objects.exists() and not Schedule.objects.exists()
    event = Event.objects.get(verb="delete")
    assert (event.before, event.reason, event.actor) == (said, "It is time.", boss)
    with pytest.raises(Schedule.DoesNotExist):
        delete(schedule.pk, Order(boss, WHY))


def test_one_of_the_code_is_not_deleted(boss):
    schedule = made(boss)
    Schedule.objects.update(key="nightly", coded={})
    with pytest.raises(Invalid):
        delete(schedule.pk, Order(boss, WHY))
    assert PeriodicTask.objects.exists()


def test_the_system_may_all_and_is_nobody():
    schedule = made(None, queue="anywhere")
    assert told(schedule)["run_as"] is None
    assert change(None, schedule, params={"x": 3})
    delete(schedule.pk, Order(None, ""))
    assert set(Event.objects.values_list("actor", flat=True)) == {None}


def test_nobody_makes_one_without_a_right_to(boss):
    with pytest.raises(PermissionDenied):
        create(NIGHTLY, Order(rows.user("stranger"), ""))


def test_one_whose_zone_vanished_is_told_and_can_be_mended(boss):
    schedule = made(boss)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_celery_beat_crontabschedule SET timezone = 'Mars/Base'")
    held = Schedule.objects.get(pk=schedule.pk)
    said = told(held)
    assert (said["name"], said["cron"], said["timezone"]) == ("nightly", None, "")
    assert change(boss, schedule, note="It is broken.", enabled=False)
    with pytest.raises(Invalid):
        change(boss, schedule, timezone="UTC")
    assert change(boss, schedule, cron="0 4 * * *")
    assert told(now_of(schedule))["cron"] == "0 4 * * *"
    event = Event.objects.order_by("id").last()
    assert (event.before["cron"], event.after["timezone"]) == (None, "UTC")


def test_of_two_who_take_a_name_at_the_same_moment_one_is_told(boss, monkeypatch):
    """Each had looked whether it is free before the other stored."""
    other = made(boss, name="other")
    made(boss)
    monkeypatch.setattr(judges, "refuse_taken", lambda name, entry: None)
    assert wrong(boss) == wrong(boss, other, name="nightly") == ["name"]


def test_a_secret_that_others_stored_by_position_is_masked_and_kept(boss):
    schedule = made(boss, task=LOG_IN, params={"user": "a", "password": "b", "token": "c"})
    PeriodicTask.objects.update(args='["ada", "hunter2"]', kwargs='{"token": "plain-hint"}')
    said = told(now_of(schedule))
    assert (said["args"], said["params"]) == (["ada", MASK], {"token": MASK})
    named = {"user": "eve", "password": MASK, "token": MASK}
    assert change(boss, schedule, args=[], params=named)
    secrets = {"password": "hunter2", "token": "plain-hint"}
    assert asked(now_of(schedule).entry) == {"user": "eve", **secrets}
    assert "hunter2" not in str(list(Event.objects.values("before", "after")))
    PeriodicTask.objects.update(task="old.task", args='["in the clear"]')
    assert told(now_of(schedule))["args"] == [MASK]
