"""One attempt of a job in this process, as a pool process of a worker makes it."""

from typing import Any

from celery import current_app
from celery.app.trace import build_tracer

from jobs.dispatch.message import HEADER
from jobs.execution.pipeline import run_job
from jobs.models import Job
from jobs.states import State

WORKER = "main@node"


def attempt(job: Any) -> Job:
    """Take the job, which must be queued, and run it; its row afterwards."""
    row = Job.objects.get(pk=job.id)
    task = current_app.tasks[row.task_id]
    tracer = build_tracer(row.task_id, task, app=current_app, hostname=WORKER)
    limits = [row.time_limit, row.soft_time_limit]
    message = {"id": row.pk, HEADER: 1, "timelimit": limits, "hostname": WORKER}
    run_job(task, tracer, row.pk, (), {}, message)
    return Job.objects.get(pk=row.pk)


def attempts(job: Any, most: int = 20) -> Job:
    """Attempt after attempt, without the pauses between them, until there are no more."""
    for _ in range(most):
        row = attempt(job)
        if row.state != State.RETRYING:
            return row
        Job.objects.filter(pk=row.pk).move(State.QUEUED)
    raise AssertionError(f"more than {most} attempts")
