"""A schedule through real processes: beat fires, a worker runs, the result is right."""

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_results.models import TaskResult

from jobs import registry
from jobs.execution import control
from jobs.models import Job
from jobs.reading.beat import beat
from jobs.scheduling import given
from jobs.scheduling.entries import run_now
from tests import sample_tasks
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
