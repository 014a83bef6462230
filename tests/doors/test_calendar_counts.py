"""Past fires of a calendar, counted by the database."""

from collections import Counter
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.models import Job
from jobs.reading import calendar as reading
from jobs.reading.days import Days
from jobs.states import State

from . import rows
from .test_web_calendar import NOW, clock, cron, fired

__all__ = ["clock"]  # stops it

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin"])
@pytest.mark.parametrize("view", ["week", "month"])
def test_the_database_groups_by_the_clock_of_the_reader(view, zone):
    rows.task()
    each, clock = cron("*/20 * * * *"), ZoneInfo(zone)
    # Both of these clocks are changed in October 2026.
    span = Days(view, date(2026, 10, 25 if zone != "Australia/Lord_Howe" else 4), clock)
    moments = [span.begin + n * timedelta(minutes=20) for n in range(3 * 167)]
    Job.insert_many(
        Job(task_id=each.task, schedule_id=each.pk, due_at=at, created_at=at,
            state=State.COMPLETED, finished_at=at)
        for at in moments
    )  # fmt: skip
    shape = "%d" if view == "month" else "%d %H"
    cells = Counter(at.astimezone(clock).strftime(shape) for at in moments)
    found = reading.past(Job.objects.all(), span).fires
    assert {f.at.astimezone(clock).strftime(shape): f.count for f in found} == cells
    assert [f.at for f in found] == sorted(f.at for f in found)


def test_where_the_newest_are_too_many_the_others_are_not_bundled(monkeypatch):
    rows.task()
    made = [cron(f"{n} * * * *") for n in range(4)]
    for schedule in made:
        for hour in range(3):
            fired(schedule, NOW - (hour + 1) * timedelta(hours=1))
    monkeypatch.setattr(reading, "MOST_BUNDLES", 3)
    monkeypatch.setattr(reading, "SAMPLE", 5)
    with CaptureQueriesContext(connection) as asked:
        found = reading.past(Job.objects.all(), Days("week", NOW.date(), UTC)).fires
    assert [(fire.schedule, fire.count) for fire in found] == [(None, 4)] * 3
    assert len(asked) == 4
