"""A date that nobody can read, written by hand into SQLite, breaks no door."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, PeriodicTask, PeriodicTasks

from jobs.models import Event, Schedule, mending

from . import rows

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL takes no such date"),
]
THEIRS, OURS = "django_celery_beat_periodictask", "jobs_schedule"
CURSOR = [(OURS, name) for name in ("fire_at", "due_at", "stale_at", "last_due_at")]
HARMLESS = [
    *CURSOR,
    (OURS, "resumed_at"),
    (OURS, "anchor_at"),
    (THEIRS, "last_run_at"),
    (THEIRS, "date_changed"),
    ("django_celery_beat_periodictasks", "last_update"),
]
GRAVE = [
    (THEIRS, "start_time"),
    (THEIRS, "expires"),
    (OURS, "ends_at"),
    ("django_celery_beat_clockedschedule", "clocked_time"),
]


@pytest.fixture
def clocked() -> PeriodicTask:
    rows.task()
    PeriodicTasks.update_changed()
    at = ClockedSchedule.objects.create(clocked_time=timezone.now())
    return PeriodicTask.objects.create(
        name="odd", task=rows.ADD, kwargs='{"x": 1}', clocked=at, one_off=True
    )


def write(table: str, column: str, value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s", [value])


def doors(made: PeriodicTask) -> list[str]:
    listed = ("schedules", "calendar", "timeline")
    about = ("schedule", "edit_schedule", "backfill")
    admin = "admin:django_celery_beat"
    return [
        *(reverse(f"jobs:{name}") for name in listed),
        *(reverse(f"jobs:{name}", args=[made.pk]) for name in about),
        reverse("jobs:api:schedules"),
        reverse("jobs:api:schedule", args=[made.pk]),
        reverse(f"{admin}_periodictask_changelist"),
        reverse(f"{admin}_periodictask_change", args=[made.pk]),
        reverse(f"{admin}_clockedschedule_changelist"),
    ]


@pytest.mark.parametrize(("table", "column"), [*HARMLESS, *GRAVE])
def test_each_door_opens(client: Client, clocked, table, column):
    client.force_login(rows.user("admin", is_superuser=True, is_staff=True))
    write(table, column, "never")
    assert {door: client.get(door).status_code for door in doors(clocked)} == dict.fromkeys(
        doors(clocked), 200
    )


@pytest.mark.parametrize(("table", "column"), GRAVE)
def test_one_that_said_when_pauses_its_schedule_and_is_kept_in_the_note(clocked, table, column):
    write(table, column, "2026-02-30 00:00:00")
    row = Schedule.objects.get(pk=clocked.pk)
    assert row.is_paused and row.pause_note == f"{column} was no date: '2026-02-30 00:00:00'"
    event = Event.objects.get(schedule=clocked.pk, verb="quarantine")
    assert event.reason == row.pause_note and event.subject == "odd"


@pytest.mark.parametrize(("table", "column"), CURSOR)
def test_a_cursor_is_planned_anew(clocked, table, column):
    Schedule.objects.update(stale_at=None)
    write(table, column, "never")
    assert Schedule.objects.stale().get().pk == clocked.pk
    assert not Schedule.objects.get().is_paused


@pytest.mark.parametrize(
    "value", [5, 2.5, b"\xff", "", "now", "2026-13-01", "2026-01-01 24:00:00", "12:00",
              "2026-01-01T", "2026-01-01 12:00 o'clock", "0000-01-01 00:00:00",
              "2026-01-01  12:00:00"],
)  # fmt: skip
def test_whatever_else_is_none(clocked, value):
    write(THEIRS, "start_time", value)
    assert PeriodicTask.objects.get().start_time is None
    assert Schedule.objects.get().is_paused


@pytest.mark.parametrize(
    "value", ["2026-02-28 00:00:00", "2026-02-28T23:59:59.123456", "2026-02-28",
              "2026-02-28 10:00", "2026-02-28 10:00:00+02:00", "2026-02-28T10:00:00Z"],
)  # fmt: skip
def test_a_date_stays(clocked, value):
    write(THEIRS, "start_time", value)
    start = PeriodicTask.objects.get().start_time
    assert start and start.strftime("%m-%d") == "02-28"
    assert not Schedule.objects.get().is_paused


def test_an_entry_that_comes_with_one_is_paused_too(clocked):
    copied = [
        f.column for f in PeriodicTask._meta.local_fields if f.column not in ("id", "name")
    ]
    values = ", ".join("'soon'" if name == "start_time" else name for name in copied)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {THEIRS} (name, {', '.join(copied)}) "
            f"SELECT 'raw', {values} FROM {THEIRS}"
        )
    made = PeriodicTask.objects.get(name="raw")
    assert (
        made.start_time is None and made.policy.pause_note == "start_time was no date: 'soon'"
    )


def test_what_stood_there_before_is_mended_by_migrate(clocked):
    mending.look_away("default")
    write(THEIRS, "expires", "later")
    mending.mend("default")
    assert Schedule.objects.get().pause_note == "expires was no date: 'later'"
