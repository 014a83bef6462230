"""Clashes among schedules: what a reader is told of them, and at what cost."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.template.loader import render_to_string
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule

from jobs.models import Overlap, Schedule
from jobs.reading.ahead import preview
from jobs.scheduling.marks import Kind
from jobs.scheduling.replan import replan
from tests import sample_tasks
from tests.doors import desk, rows
from tests.verbs import beats

pytestmark = pytest.mark.django_db
NIGHT = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


@pytest.fixture
def boss():
    return rows.user("boss", is_superuser=True)


def daily(at: str, name: str, task=sample_tasks.add, **columns) -> Schedule:
    hour, minute = at.split(":")
    line = CrontabSchedule.objects.create(minute=minute, hour=hour)
    made = beats.entry(task, name=name, crontab=line, **columns)
    while replan():
        pass
    return Schedule.objects.with_entry().get(pk=made.pk)


def runs_of(task: str, minutes: float) -> None:
    """Enough runs to know what is usual."""
    for ago in range(3):
        begun = timezone.now() - timedelta(days=ago, hours=1)
        ended = begun + timedelta(minutes=minutes)
        rows.job("completed", task=task, started_at=begun, finished_at=ended)


def told(user, row: Schedule, now: datetime = NIGHT - timedelta(hours=1)) -> list[str]:
    """What is said of clashes at its next moment."""
    first = preview(user, row, 3, now).ahead[0]
    return [mark.more for mark in first.marks if mark.kind == Kind.CLASH]


@pytest.fixture
def tasks():
    for name in (sample_tasks.add.name, sample_tasks.log_in.name, sample_tasks.plain_add.name):
        rows.task(name)
    runs_of(sample_tasks.log_in.name, 12)


def test_one_that_usually_still_runs_on_the_same_queue_is_told(tasks, boss):
    daily("01:10", "backups", sample_tasks.log_in)
    assert told(boss, daily("01:15", "sync")) == [
        "“backups” usually holds “celery” 01:10 to 01:22"
    ]
    assert told(boss, daily("01:22", "after it")) == []
    assert told(boss, daily("01:15", "elsewhere", sample_tasks.plain_add, queue="b")) == []


def test_one_that_comes_while_this_one_usually_runs_is_told(tasks, boss):
    daily("01:15", "short")
    long = daily("01:10", "long", sample_tasks.log_in)
    assert told(boss, long) == ["“short” comes to “celery” too, at 01:15"]


def test_the_same_task_is_told_on_whatever_queue_and_others_are_counted(tasks, boss):
    daily("01:10", "first", sample_tasks.log_in, queue="a")
    daily("01:10", "second", sample_tasks.plain_add, queue="b")
    row = daily("01:15", "third", sample_tasks.log_in, queue="b")
    assert told(boss, row) == ["“first” runs the same task, 01:10 to 01:22"]
    daily("01:16", "fourth", sample_tasks.plain_add, queue="b")
    assert told(boss, row) == ["“first” runs the same task, 01:10 to 01:22; and 1 more"]


def test_tasks_that_nobody_knows_share_no_queue_that_could_be_named(tasks, boss):
    for name in ("shop.gone", "shop.away"):
        rows.task(name)
    daily("01:10", "first", "shop.gone")
    row = daily("01:10", "second", "shop.away")
    assert told(boss, row) == []


def test_what_is_off_or_skipped_is_not_in_the_way(tasks, boss):
    daily("01:15", "off", enabled=False)
    tomorrow = [{"date": NIGHT.date().isoformat()}]
    daily("01:15", "never then", blackout=tomorrow)
    assert told(boss, daily("01:15", "sync", overlap=Overlap.SKIP)) == []
    daily("01:15", "on")
    assert told(boss, daily("01:15", "skipped itself", blackout=tomorrow)) == []


def test_what_one_may_not_see_does_not_exist(tasks):
    group = Group.objects.create(name="adders")
    rows.Task.objects.get(pk=sample_tasks.add.name).managers.add(group)
    ada = rows.user("ada", group)
    daily("01:10", "backups", sample_tasks.log_in)
    row = daily("01:15", "sync")
    assert told(ada, row) == []
    daily("01:15", "mine")
    assert told(ada, row) == ["“mine” runs the same task, at 01:15"]


def test_many_others_cost_no_more_queries(tasks, boss):
    row = daily("01:15", "sync")
    daily("01:15", "one")
    preview(boss, row)  # once for each process, Django asks the database what it is able to
    with desk.asked() as of_one:
        preview(boss, row)
    for n in range(10):
        daily("01:15", f"other {n}", sample_tasks.log_in)
    with desk.asked() as of_many:
        preview(boss, row)
    assert len(of_many) == len(of_one)


def test_it_is_drawn(tasks, boss):
    daily("02:00", "backups", sample_tasks.log_in)
    row = daily("*/6:*/30", "<b>sync</b>", jitter_seconds=20, blackout=[{"date": "2099-01-01"}])
    html = render_to_string("jobs/schedule/preview.html", {"preview": preview(boss, row)})
    assert html.count("<tr") >= 12
    assert "Your clock" in html and "up to" in html
    flawed = Schedule(entry=row.entry, blackout=["never"], overlap="skip", catch_up="none")
    flawed.anchor_at = timezone.now()
    html = render_to_string("jobs/schedule/preview.html", {"preview": preview(boss, flawed)})
    assert "This never comes." in html and "cannot be read" in html
