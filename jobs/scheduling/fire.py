"""A schedule's turn: ask for the job it stands for."""

from typing import Any

from celery import current_app
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.dispatch.enqueue import enqueue
from jobs.execution.options import kept_options, moment
from jobs.models import Job

from .given import asked

HIGHEST_PRIORITY = 9


def fire(entry: PeriodicTask, *, by: Any = None) -> Job:
    """One job of this schedule, now, owned by `by`. Raises what `asked` and `enqueue`
    raise; a task that is disabled makes a job that waits for it."""
    headers = {"headers": {"periodic_task_name": entry.name}}
    priority = None if entry.priority is None else min(entry.priority, HIGHEST_PRIORITY)
    return enqueue(
        entry.task,
        asked(entry),
        by=by,
        queue=entry.queue or None,
        priority=priority,
        expires_at=moment(entry.expires or entry.expire_seconds),
        columns={"schedule_id": entry.pk, "options": kept_options(headers)},
    )


def is_judged(task: str) -> bool:
    """Whether what the task is given is read by its hints. A plain Celery task gets its
    arguments from a schedule as they are, as it always did."""
    try:
        definition = registry.get(task)
    except registry.UnknownTask:
        return False
    declared = getattr(current_app.tasks[task], "batuta", None) is not None
    return declared or definition.parameters.has_secrets
