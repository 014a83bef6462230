"""A schedule through real processes: beat fires, a worker runs, the result is right."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_results.models import TaskResult

from jobs import registry
from jobs.execution import control
from jobs.execution.order import Order
from jobs.models import Backfill, CatchUp, Event, Job, Schedule
from jobs.reading.beat import beat
from jobs.scheduling import given
from jobs.scheduling.backfill import Wish, start
from jobs.scheduling.entries import run_now
from tests import sample_tasks
from tests.verbs.beats import every as each
from tests.waiting import eventually


def schedule(task: Any, **columns: Any) -> PeriodicTask:
    """One that is due now, once."""
    interval = IntervalSchedule.objects.get_or_create(every=1, period="seconds")[0]
    return PeriodicTask.objects.create(
        name=f"soon {task.name}",
        task=task.name,
        interval=interval,
        one_off=True,
        start_time=timezone.now() - timedelta(seconds=5),
        **columns,
    )


def fired(entry: PeriodicTask) -> Job:
    return eventually(lambda: Job.objects.filter(schedule=entry).first(), within=30)


def test_a_schedule_becomes_a_job_that_runs(site):
    entry = schedule(sample_tasks.add, kwargs='{"x": 2, "y": 3}')
    job = site.ends(fired(entry))
    assert (job.result, job.owner, job.schedule) == (5, None, entry)
    row = TaskResult.objects.get(task_id=job.pk)
    assert (row.status, row.result, row.periodic_task_name) == ("SUCCESS", "5", entry.name)


def test_a_plain_task_gets_what_is_written(site):
    assert site.ends(fired(schedule(sample_tasks.plain_add, args="[2, 3]"))).result == 5


def test_the_function_gets_the_secrets_that_the_schedule_keeps_sealed(site):
    parameters = registry.get(sample_tasks.log_in.name).parameters
    clear = {"user": "ada", "password": "hunter2", "token": "token-of-ada"}
    kept = given.written(given.kept(parameters, [], clear))
    entry = schedule(sample_tasks.log_in, kwargs=kept)
    job = site.ends(fired(entry))
    assert job.result == ["ada", "2retnuh", "ada-fo-nekot"]
    row = json.dumps(Job.objects.filter(pk=job.pk).values("params", "arguments").get())
    result = TaskResult.objects.get(task_id=job.pk)
    for text in (row, entry.kwargs, result.task_kwargs or "", result.task_args or ""):
        assert "hunter2" not in text and "token-of-ada" not in text


def test_the_function_knows_the_moment_that_it_runs_for(site):
    entry = schedule(sample_tasks.report_of, kwargs="{}")
    job = site.ends(fired(entry))
    local = timezone.localtime(job.due_at)
    assert job.result == [local.isoformat(), str(local)]
    again = site.ends(control.retry(job, control.Order()))
    assert again.due_at == job.due_at
    assert again.result == job.result


def test_a_run_out_of_turn_belongs_to_who_asked(site, django_user_model):
    person = django_user_model.objects.create_user("ada")
    entry = schedule(sample_tasks.add, kwargs='{"x": 2}', enabled=False)
    job = site.ends(run_now(entry, by=person))
    assert (job.result, job.owner, job.schedule) == (2, person, entry)


def test_a_beat_that_was_killed_is_told_of_until_it_is_back(site):
    eventually(lambda: not beat().is_silent, within=30)
    killed = beat()
    site.beat.kill()
    eventually(lambda: beat().is_silent, within=30)
    assert beat().holder == killed.holder and beat().age_seconds > 1
    site.beat.start()
    eventually(lambda: not beat().is_silent, within=30)
    assert beat().since > killed.since


@pytest.mark.parametrize(
    ("rule", "caught_up"), [(CatchUp.NONE, 0), (CatchUp.LATEST, 1), (CatchUp.ALL, 7)]
)
def test_what_an_hour_without_beat_missed_is_caught_up_as_its_schedule_says(
    site, rule, caught_up
):
    """The clock is not turned: the cursor of a schedule of each ten minutes is put back."""
    site.beat.stop()
    entry = each(600, name=f"each ten minutes, {rule}", catch_up=rule)
    since = timezone.now() - timedelta(minutes=65)
    cursor = {"anchor_at": since, "due_at": since, "fire_at": since, "stale_at": None}
    Schedule.objects.filter(pk=entry.pk).update(**cursor)
    site.beat.start()
    jobs = Job.objects.filter(schedule=entry).order_by("due_at")
    eventually(lambda: jobs.count() == 7 and not jobs.live().exists(), within=60)
    PeriodicTask.objects.filter(pk=entry.pk).update(enabled=False)
    missed, run = ("skipped", ["missed"]), ("completed", ["caught up"])
    expected = [missed] * (7 - caught_up) + [run] * caught_up
    assert [(job.state, job.tags) for job in jobs] == expected
    told = Event.objects.get(schedule=entry, verb="misfire").after
    assert (told["count"], told["caught_up"]) == (7, caught_up)


def test_a_fire_that_no_worker_begins_in_its_grace_is_told_of_at_once(site):
    site.worker.kill()
    entry = schedule(sample_tasks.add, kwargs='{"x": 2}')
    Schedule.objects.filter(pk=entry.pk).update(grace_seconds=2)
    job = fired(entry)
    event = eventually(lambda: Event.objects.filter(job=job, verb="late").first(), within=20)
    assert event.at - max(job.due_at, job.created_at) < timedelta(seconds=10)
    site.worker.start()
    assert site.ends(job).result == 2


def test_past_moments_are_run_in_their_zone_though_relay_and_worker_are_killed(site):
    crontab = CrontabSchedule.objects.get_or_create(minute="15", timezone="Asia/Kathmandu")[0]
    entry = PeriodicTask.objects.create(
        name="reports", task=sample_tasks.report_of.name, crontab=crontab, enabled=False
    )
    since = datetime(2025, 3, 1, tzinfo=UTC)
    row = start(entry, Wish(since, since + timedelta(hours=12), concurrency=3), Order())
    eventually(lambda: row.jobs.final().exists(), within=30)
    site.beat.kill()
    site.worker.kill()
    site.worker.start()
    site.beat.start()
    eventually(lambda: Backfill.objects.get(pk=row.pk).finished_at, within=90)
    jobs = list(row.jobs.order_by("due_at"))
    assert [job.state for job in jobs] == ["completed"] * 12
    # A full hour and a quarter in Kathmandu is half past in UTC.
    assert jobs[0].due_at == since + timedelta(minutes=30)
    assert jobs[0].result == ["2025-03-01T06:15:00+05:45", "2025-03-01 06:15:00+05:45"]
    again = site.ends(control.retry(jobs[0], Order()))
    assert again.result == jobs[0].result
