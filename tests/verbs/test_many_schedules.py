"""More schedules, and more cron lines, than a database takes variables in one statement."""

from collections import Counter
from itertools import islice, product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs.models import Job, Schedule
from tests import sample_tasks

from .beats import beat, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]
MANY = 1_100


def test_more_than_a_thousand_crontabs_are_planned_and_each_fires_once():
    lines = islice(product(range(60), range(24)), MANY)
    crontabs = CrontabSchedule.objects.bulk_create(
        # The zone's default looks at all files of all zones, each time.
        CrontabSchedule(minute=str(minute), hour=str(hour), timezone="UTC")
        for minute, hour in lines
    )
    PeriodicTask.objects.bulk_create(
        PeriodicTask(name=f"{line}", task=sample_tasks.add.name, crontab=line, args="[1]")
        for line in crontabs
    )
    run(beat())
    planned = dict(Schedule.objects.values_list("pk", "due_at"))
    assert len({*planned.values()} - {None}) == MANY
    run(beat(), max(planned.values()))
    fired = Counter(Job.objects.values_list("schedule", "due_at"))
    assert {*planned.items()} <= {*fired}
    assert {*fired.values()} == {1}


def test_what_many_share_is_read_once_and_is_one_object():
    hourly = IntervalSchedule.objects.create(every=1, period="hours")
    for name in "abc":
        PeriodicTask.objects.create(name=name, task=sample_tasks.add.name, interval=hourly)
    with CaptureQueriesContext(connection) as asked:
        rows = Schedule.objects.all().with_shared()
        assert {id(row.entry.interval) for row in rows} == {id(rows[0].entry.interval)}
        assert not any(row.entry.crontab or row.entry.solar for row in rows)
    assert len(asked) == 2
