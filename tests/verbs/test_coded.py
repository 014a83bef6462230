"""Schedules that code declares are rows like others; an operator's edit wins."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from celery import current_app
from celery.schedules import crontab, solar
from django.db import DataError
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs import registry, task
from jobs.models import Event, Schedule
from jobs.scheduling import coded
from jobs.scheduling.coded import described, follow_code, is_edited, reset
from jobs.scheduling.replan import replan
from tests import sample_tasks
from tests.doors.rows import user

from .beats import events, every

pytestmark = pytest.mark.django_db
ADD = sample_tasks.add.name


def follow(result_expires=None, **entries) -> None:
    """As a beat that starts with these entries in CELERY_BEAT_SCHEDULE."""
    conf = SimpleNamespace(beat_schedule=entries, result_expires=result_expires)
    follow_code(SimpleNamespace(conf=conf, backend=current_app.backend, timezone="UTC"))


def names() -> set[str]:
    return {*PeriodicTask.objects.values_list("name", flat=True)}


def nightly(**columns) -> dict:
    return {"task": ADD, "schedule": crontab("30", "2"), "kwargs": {"x": 1}, **columns}


def row(name: str = "nightly") -> PeriodicTask:
    return Schedule.objects.with_entry().get(entry__name=name).entry


def test_what_code_says_becomes_rows_and_goes_with_the_code():
    mine = every(60, name="mine")
    follow(
        nightly=nightly(options={"queue": "heavy", "expires": 60}), often=nightly(schedule=5)
    )
    assert names() == {"mine", "nightly", "often"}
    made = row()
    assert (made.crontab.hour, made.kwargs, made.queue) == ("2", '{"x": 1}', "heavy")
    assert (made.expire_seconds, made.enabled) == (60, True)
    assert row("often").interval.every == 5
    follow(nightly=nightly())
    assert names() == {"mine", "nightly"}
    assert events(mine) == []


@pytest.mark.parametrize(
    ("when", "kind", "words"),
    [
        (timedelta(minutes=3), "interval", {"every": 180, "period": "seconds"}),
        (crontab(minute=range(0, 60, 30)), "crontab", {"minute": "0,30", "timezone": "UTC"}),
        (
            solar("sunset", -37.8, 144.9),
            "solar",
            {"event": "sunset", "longitude": "144.900000"},
        ),
    ],
)
def test_each_kind_of_time_that_celery_knows(when, kind, words):
    follow(nightly=nightly(schedule=when))
    kept = described(row())
    assert words.items() <= kept[kind].items()
    assert kept == Schedule.objects.get().coded


def test_code_that_changes_is_followed_and_an_edit_by_an_operator_wins():
    follow(nightly=nightly())
    follow(nightly=nightly(kwargs={"x": 2}))
    assert row().kwargs == '{"x": 2}'
    PeriodicTask.objects.update(kwargs='{"x": 3}')
    follow(nightly=nightly(kwargs={"x": 4}))
    assert row().kwargs == '{"x": 3}'
    (schedule,) = Schedule.objects.with_entry()
    assert reset(schedule, by=user("ada"))
    assert row().kwargs == '{"x": 4}'
    assert not reset(Schedule.objects.with_entry().get(), by=None)
    assert events(row()) == ["create", "edit", "reset"]


def test_an_edit_that_was_put_back_is_none_however_it_is_written():
    follow(nightly=nightly(), often=nightly(schedule=60))
    minutely = IntervalSchedule.objects.create(every=1, period="minutes")
    PeriodicTask.objects.filter(name="often").update(interval=minutely)
    PeriodicTask.objects.update(kwargs='{\n  "x": 1\n}', queue="", headers="{ }")
    assert not any(map(is_edited, Schedule.objects.with_entry()))
    PeriodicTask.objects.update(kwargs='{"x": 2}')
    assert all(map(is_edited, Schedule.objects.with_entry()))


@pytest.mark.parametrize("coded", [[], 3, "text", {}, {"crontab": 1}])
def test_a_word_of_the_code_that_cannot_be_read_is_not_written_back(coded):
    follow(nightly=nightly())
    PeriodicTask.objects.update(kwargs='{"x": 3}')
    Schedule.objects.update(coded=coded)
    assert not reset(Schedule.objects.with_entry().get(), by=None)
    follow(nightly=nightly())
    assert row().kwargs == '{"x": 3}'
    assert reset(Schedule.objects.with_entry().get(), by=None)
    assert row().kwargs == '{"x": 1}'


def test_one_that_stock_beat_had_brought_in_stays_off():
    PeriodicTask.objects.create(
        name="nightly", task=ADD, enabled=False, crontab=CrontabSchedule.objects.create()
    )
    follow(nightly=nightly())
    assert (row().enabled, row().crontab.minute) == (False, "30")


def test_one_that_cannot_be_kept_harms_no_other():
    follow(bad={"task": ADD, "schedule": "now and then"}, nightly=nightly())
    assert names() == {"nightly"}


def test_one_whose_rows_cannot_be_written_is_told_of_and_harms_no_other(monkeypatch):
    stock = coded._write

    def write(entry, said):
        if entry.name == "bad":
            raise DataError("out of range")
        stock(entry, said)

    monkeypatch.setattr(coded, "_write", write)
    follow(bad=nightly(), nightly=nightly())
    assert names() == {"nightly"}
    told = Event.objects.get(subject="bad")
    assert (told.verb, told.reason) == ("quarantine", "out of range")


def test_old_results_are_cleaned_as_ever():
    follow(result_expires=timedelta(days=1))
    assert (row("celery.backend_cleanup").crontab.hour) == "4"
    assert replan() == 1
    assert Schedule.objects.get().due_at


def test_a_task_may_say_when_it_comes():
    made = task(name="tests.nightly", cron="30 2 * * 1-5")(lambda: None)
    try:
        current_app.tasks[made.name]
        follow()
        assert row("tests.nightly").crontab.day_of_week == "1-5"
        assert Schedule.objects.get().key == "@tests.nightly"
    finally:
        current_app.tasks.unregister(made.name)
    follow()
    assert names() == set()
    assert not registry.knows("tests.nightly")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"cron": "30 2"}, "cron is like"),
        ({"cron": "61 * * * *"}, "cron is like"),
        ({"every": 0}, "more than nothing"),
        ({"every": 5, "cron": "* * * * *"}, "not both"),
    ],
)
def test_a_task_that_never_comes_is_refused(options, why):
    with pytest.raises(ValueError, match=why):
        task(**options)(lambda: None)
    assert not IntervalSchedule.objects.exists()
