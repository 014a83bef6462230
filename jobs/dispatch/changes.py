"""Tells the listeners, after the commit, that a job changed."""

from typing import Any

from django.db import transaction

from jobs.models import Job, JobQuerySet
from jobs.signals import job_changed
from jobs.states import State

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
)


def tell_on_commit(job: Job) -> None:
    """A push that fails is lost, never the change: `send_robust`."""
    transaction.on_commit(lambda: _tell(job))


def _tell(job: Job) -> None:
    sight = {"task": job.task_id, "owner": job.owner_id, "schedule": job.schedule_id}
    job_changed.send_robust(sender=Job, job_id=job.id, facts=job.facts(), **sight)


def move_and_tell(chosen: JobQuerySet, to: State, **changes: Any) -> list[Job]:
    """A guarded move that is no end; the jobs that moved, with `FACTS` loaded."""
    moved = chosen.move_returning(to, FACTS, **changes)
    for job in moved:
        tell_on_commit(job)
    return moved
