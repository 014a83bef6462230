"""A schedule's turn comes: beat makes a job of it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs.models import Job
from jobs.scheduling import given
from jobs.scheduling.fire import fire, is_judged
from jobs.scheduling.scheduler import DatabaseScheduler
from jobs.states import State
from tests import sample_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_server")]


@pytest.fixture
def beat() -> Any:
    """Beat's scheduler in this process, without its relay."""
    scheduler = DatabaseScheduler(app=current_app, lazy=True)
    yield scheduler
    scheduler.close()


def schedule(task: Any, **columns: Any) -> PeriodicTask:
    interval = IntervalSchedule.objects.get_or_create(every=1, period="hours")[0]
    name = getattr(task, "name", task)
    entry = PeriodicTask(name=f"every hour {name}", task=name, interval=interval, **columns)
    entry.save()
    PeriodicTask.objects.update(last_run_at=timezone.now() - timedelta(hours=2))
    return PeriodicTask.objects.get(pk=entry.pk)


def tick(beat: DatabaseScheduler, entry: PeriodicTask) -> Job:
    """Beat reads what is due and sends it; the job that came of it."""
    scheduled = beat.schedule[entry.name]
    assert scheduled.is_due().is_due
    beat.reserve(scheduled)
    beat.apply_entry(scheduled)
    return Job.objects.get(schedule=entry)


def test_what_is_due_becomes_a_job_of_nobody(beat):
    entry = schedule(sample_tasks.add, kwargs='{"x": 1, "y": 2}')
    job = tick(beat, entry)
    assert (job.task_id, job.params, job.state) == (entry.task, {"x": 1, "y": 2}, State.QUEUED)
    assert (job.owner, job.schedule) == (None, entry)
    beat.sync()
    entry.refresh_from_db()
    assert entry.total_run_count == 1
    assert not beat.all_as_schedule()[entry.name].is_due().is_due


def test_the_first_schedule_of_a_fresh_site_is_noticed(beat):
    assert not beat.schedule_changed()
    schedule(sample_tasks.add)
    assert beat.schedule_changed()
    assert not beat.schedule_changed()


def test_a_plain_task_gets_what_is_written(beat):
    job = tick(beat, schedule(sample_tasks.plain_add, args='["1", "2"]'))
    assert json.loads(job.arguments) == [["1", "2"], {}]
    assert job.params == {"x": "1", "y": "2"}


def test_a_secret_stays_sealed_on_its_way(beat):
    parameters = given.registry.get(sample_tasks.log_in.name).parameters
    clear = {"user": "ada", "password": "hunter2", "token": "tok"}
    kwargs = given.written(given.kept(parameters, [], clear))
    job = tick(beat, schedule(sample_tasks.log_in, kwargs=kwargs))
    kept = json.dumps([job.params, job.arguments, job.options])
    assert "hunter2" not in kept and '"tok"' not in kept
    assert is_judged(job.task_id)


def test_what_no_longer_fits_still_becomes_a_job_that_tells_of_it(beat):
    job = tick(beat, schedule(sample_tasks.add, kwargs='{"x": "many"}'))
    assert job.params == {"x": "many"}


def test_what_a_schedule_says_holds_for_its_job():
    columns = {"priority": 200, "expire_seconds": 60, "queue": "heavy"}
    entry = schedule(sample_tasks.add, kwargs='{"x": 1}', **columns)
    job = fire(entry)
    assert (job.priority, job.queue) == (9, "heavy")
    assert 50 < (job.expires_at - timezone.now()).total_seconds() <= 60
    assert json.loads(job.options)["headers"] == {"periodic_task_name": entry.name}


def test_a_task_that_is_not_registered_is_not_judged():
    assert is_judged(sample_tasks.add.name)
    assert not is_judged(sample_tasks.plain_add.name)
    assert not is_judged("celery.backend_cleanup")
