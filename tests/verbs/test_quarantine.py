"""One bad schedule is set aside with its reason, and harms no other."""

import pytest
from django.db import DataError, OperationalError, connection
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)

from jobs.models import Leader, Schedule
from jobs.scheduling import firing, replan
from jobs.states import State

from .beats import beat, entry, events, every, fires, first_due, run, run_at, schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]


def crontab(**columns):
    return CrontabSchedule.objects.get_or_create(**{"minute": "30", "hour": "2", **columns})[0]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"headers": "[1]"}, "headers: This must be names with values"),
        ({"args": "not JSON"}, "args: This is not JSON"),
        ({"kwargs": "[]"}, "kwargs: This must be names"),
        ({"task": "nobody.knows"}, "Its task is not registered"),
        ({"task": "celery.map"}, "Its task is not registered"),
        ({"interval": None}, "It does not say when."),
        ({"blackout": ["sometimes"]}, "cannot be read"),
        ({"overlap": "perhaps"}, "No such rule"),
    ],
)
def test_a_bad_one_is_set_aside_with_its_reason_and_the_others_fire(columns, why):
    bad, good = every(3600), every(3600, name="good")
    ours = {"blackout", "overlap"} & {*columns}
    (Schedule if ours else PeriodicTask).objects.filter(pk=bad.pk).update(**columns)
    run_at(good)
    row = schedule(bad)
    assert why in row.flaw and row.due_at is None
    assert events(bad) == ["quarantine"]
    assert (len(fires(bad)), len(fires(good))) == (0, 1)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("crontabschedule", "timezone = 'Mars/Olympus'"),
        ("crontabschedule", "day_of_month = '31', month_of_year = '2'"),
        ("crontabschedule", "minute = '*/0'"),
    ],
)
def test_a_crontab_that_cannot_be_read_harms_only_its_own(table, change):
    bad, good = entry(crontab=crontab()), every(3600, name="good")
    connection.cursor().execute(f"UPDATE django_celery_beat_{table} SET {change}")
    run_at(good)
    assert schedule(bad).flaw and events(bad) == ["quarantine"]
    assert len(fires(good)) == 1
    connection.cursor().execute(
        "UPDATE django_celery_beat_crontabschedule SET timezone = 'UTC', minute = '1', "
        "month_of_year = '*'"
    )
    assert first_due(bad) and schedule(bad).flaw == ""


def test_intervals_of_nothing_are_set_aside():
    bad = every(3600)
    IntervalSchedule.objects.update(every=0)
    run(beat())
    assert schedule(bad).flaw == "Give a second or more."


def test_what_no_longer_fits_its_task_becomes_one_failed_row_that_says_so():
    made = every(3600, kwargs='{"x": "many"}')
    run_at(made)
    (job,) = fires(made)
    assert (job.state, [*job.field_errors]) == (State.FAILED, ["x"])
    assert schedule(made).flaw == job.reason
    assert events(made) == ["quarantine"]
    PeriodicTask.objects.filter(pk=made.pk).update(kwargs='{"x": 3}')
    run_at(made)
    assert [job.state for job in fires(made)] == [State.FAILED, State.QUEUED]


def test_one_that_cannot_be_stored_does_not_keep_its_batch_from_being_stored(monkeypatch):
    bad, good = every(3600, name="bad", queue="bad"), every(3600, name="good")
    due = max(first_due(bad), first_due(good))
    insert = firing.insert_many

    def insert_unless_bad(jobs):
        insert(jobs)
        if any(job.queue == "bad" for job in jobs):
            raise DataError("no such text")

    monkeypatch.setattr(firing, "insert_many", insert_unless_bad)
    run(beat(), due)
    assert (len(fires(bad)), len(fires(good))) == (0, 1)
    assert "no such text" in schedule(bad).flaw


def test_a_new_leader_looks_again_at_what_had_a_flaw():
    made = every(3600)
    run(beat())
    Schedule.objects.filter(pk=made.pk).update(flaw="of an earlier release", due_at=None)
    Leader.objects.all().delete()
    run(beat())
    assert schedule(made).flaw == ""
    assert schedule(made).due_at


@pytest.mark.parametrize(("room", "name"), [(firing, "decide"), (replan, "_next")])
def test_a_database_that_is_away_for_a_moment_sets_no_schedule_aside(monkeypatch, room, name):
    made = every(3600)
    due = first_due(made)
    if room is replan:
        PeriodicTask.objects.filter(pk=made.pk).update(priority=3)

    def fail(*args):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(room, name, fail)
        run(beat(), due)
    run(beat(), due)
    assert (len(fires(made)), schedule(made).flaw, events(made)) == (1, "", [])
