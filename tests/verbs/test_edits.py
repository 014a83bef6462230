"""The database notices what becomes of schedules, however it is done."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)

from jobs.models import Schedule

from .beats import beat, entry, every, fires, first_due, look, run, schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]
committed = pytest.mark.django_db(transaction=True)


def crontab(**columns):
    return CrontabSchedule.objects.get_or_create(**{"minute": "30", "hour": "2", **columns})[0]


def test_an_edit_is_noticed_however_it_is_made():
    made, other = every(60), entry(name="other", crontab=crontab())
    run(beat())
    edits = [
        lambda: PeriodicTask.objects.filter(pk=made.pk).update(enabled=False),
        lambda: PeriodicTask.objects.filter(pk=made.pk).update(kwargs='{"x": 2}'),
        lambda: PeriodicTask.objects.bulk_update([made], ["enabled"]),
        lambda: IntervalSchedule.objects.update(every=5),
        lambda: Schedule.objects.filter(pk=made.pk).update(jitter_seconds=3),
        lambda: connection.cursor().execute(
            "UPDATE django_celery_beat_periodictask SET one_off = %s WHERE id = %s",
            [True, made.pk],
        ),
    ]
    for edit in edits:
        edit()
        assert [row.pk for row in Schedule.objects.stale()] == [made.pk]
        run(beat())
        assert not Schedule.objects.stale()
    CrontabSchedule.objects.update(hour="4")
    assert [row.pk for row in Schedule.objects.stale()] == [other.pk]


def test_what_changes_nothing_is_no_edit():
    made = every(60)
    run(beat())
    made.description = "other words"
    made.save()
    made.interval.save()
    PeriodicTask.objects.update(last_run_at=timezone.now(), total_run_count=7)
    assert not Schedule.objects.stale()


def test_schedules_come_and_go_with_their_entries():
    made, other = every(60), every(60, name="other")
    assert {row.pk for row in Schedule.objects.all()} == {made.pk, other.pk}
    made.delete()
    connection.cursor().execute(
        "DELETE FROM django_celery_beat_periodictask WHERE id = %s", [other.pk]
    )
    assert not Schedule.objects.exists()


def test_what_was_disabled_comes_with_its_next_moment_not_at_once():
    made = every(3600, enabled=False)
    run(beat())
    assert schedule(made).due_at is None
    PeriodicTask.objects.filter(pk=made.pk).update(enabled=True)
    due = first_due(made)
    assert due > timezone.now()
    assert fires(made) == []


def test_a_moment_that_came_before_an_edit_is_not_lost():
    made = every(1)
    due = first_due(made)
    Schedule.objects.filter(pk=made.pk).update(stale_at=due + timedelta(seconds=9), revision=9)
    IntervalSchedule.objects.update(every=86_000)
    Schedule.objects.filter(pk=made.pk).update(stale_at=due + timedelta(seconds=9))
    run(beat(), due + timedelta(seconds=10))
    assert [job.due_at for job in fires(made)] == [due]


@committed
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_who_edits_one_keeps_nobody_waiting():
    made, other = every(3600), every(3600, name="other")
    due = max(first_due(made), first_due(other))
    other_connection = connection.copy()
    try:
        other_connection.set_autocommit(False)
        with other_connection.cursor() as cursor:
            cursor.execute(
                "UPDATE jobs_schedule SET jitter_seconds = 1 WHERE entry_id = %s", [made.pk]
            )
        scheduler = beat()
        look(scheduler, due)
        assert (len(fires(made)), len(fires(other))) == (0, 1)
        other_connection.rollback()
        run(scheduler, due)
        assert len(fires(made)) == 1
    finally:
        other_connection.close()
