"""A schedule is run by hand, and out of its turn."""

import json

import pytest
from django.utils import timezone

from jobs.models import Schedule
from jobs.scheduling.entries import pause, resume, run_now
from jobs.scheduling.fire import fire, is_judged
from tests import sample_tasks
from tests.doors.rows import user

from .beats import beat, events, every, fires, first_due, run, run_at, schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]


def test_what_a_schedule_says_holds_for_its_job():
    columns = {"priority": 200, "expire_seconds": 60, "queue": "heavy"}
    entry = every(3600, **columns)
    job = fire(entry)
    assert (job.priority, job.queue) == (9, "heavy")
    assert 50 < (job.expires_at - timezone.now()).total_seconds() <= 60
    assert json.loads(job.options)["headers"] == {"periodic_task_name": entry.name}


def test_a_task_that_is_not_registered_is_not_judged():
    assert is_judged(sample_tasks.add.name)
    assert not is_judged(sample_tasks.plain_add.name)
    assert not is_judged("celery.backend_cleanup")


def test_a_run_out_of_turn_is_no_fire():
    entry = every(3600)
    due = first_due(entry)
    job = run_now(entry, by=user("ada"))
    assert (job.schedule, job.due_at, job.owner.username) == (entry, None, "ada")
    assert schedule(entry).due_at == due
    assert fires(entry) == []


def test_while_it_is_paused_nothing_comes_and_nothing_is_caught_up_then():
    entry, ada = every(3600), user("ada")
    first = run_at(entry)
    assert pause(entry, by=ada, note="the disk is full")
    assert not pause(entry, by=ada)
    run(beat())
    row = schedule(entry)
    assert (row.due_at, row.paused_by, row.pause_note) == (None, ada, "the disk is full")
    assert resume(entry, by=ada)
    assert not resume(entry, by=ada)
    assert first_due(entry) > first
    row = Schedule.objects.get(pk=entry.pk)
    assert (row.paused_at, row.pause_note) == (None, "")
    assert len(fires(entry)) == 1
    assert events(entry) == ["pause", "resume"]
