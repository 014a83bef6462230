"""Tells the listeners, after the commit, that a job changed."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction

from jobs.models import Job, JobQuerySet
from jobs.signals import job_changed, jobs_came
from jobs.states import State

from .wake import wake_on_commit

# What `Job.facts()` reads: load these with a moved row, and no second query is needed.
FACTS = (
    "id",
    "task",
    "owner",
    "schedule",
    "version",
    "state",
    "requested",
    "waiting_for",
    "reason",
    "attempt",
    "worker",
    "created_at",
    "queued_at",
    "started_at",
    "finished_at",
    "not_before",
    "stalled_at",
    "line",
    "concurrency_key",
)


# Of more new jobs at once only the number is told: nobody watches them yet.
TOLD_EACH = 100


def tell_on_commit(job: Job) -> None:
    """A push that fails is lost, never the change: `send_robust`."""
    transaction.on_commit(lambda: _tell(job))
    wake_on_commit(job)


def _tell(job: Job) -> None:
    sight = {"task": job.task_id, "owner": job.owner_id, "schedule": job.schedule_id}
    job_changed.send_robust(sender=Job, job_id=job.id, facts=job.facts(), **sight)


def tell_of_new_on_commit(jobs: Sequence[Job]) -> None:
    """That these have come, however many they are."""
    if len(jobs) <= TOLD_EACH:
        for job in jobs:
            tell_on_commit(job)
        return
    alike: defaultdict[tuple[str, Any], list[Job]] = defaultdict(list)
    for job in jobs:
        alike[job.task_id, job.owner_id].append(job)
    for job in jobs:
        wake_on_commit(job)
    for (task, owner), found in alike.items():
        schedules = {job.schedule_id for job in found} - {None}
        transaction.on_commit(partial(_tell_number, task, owner, len(found), schedules))


def _tell_number(task: str, owner: Any, count: int, schedules: set[Any]) -> None:
    told = {"task": task, "owner": owner, "count": count, "schedules": schedules}
    jobs_came.send_robust(sender=Job, **told)


def move_and_tell(chosen: JobQuerySet, to: State, **changes: Any) -> list[Job]:
    """A guarded move that is no end; the jobs that moved, with `FACTS` loaded."""
    moved = chosen.move_returning(to, FACTS, **changes)
    for job in moved:
        tell_on_commit(job)
    return moved
