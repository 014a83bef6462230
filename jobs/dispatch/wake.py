"""Tells, after the commit, that somebody may be let in: one waits more, or has left."""

from dataclasses import dataclass

from django.db import transaction

from jobs.models import Job
from jobs.signals import room_changed
from jobs.states import ACTIVE, State, WaitingFor

from .policy import policy_of

HOLDING = ACTIVE | {State.QUEUED}
# So many callbacks back one looks for the same: a verb on many jobs wakes once.
LOOKED_AT = 6


@dataclass(frozen=True)
class Wake:
    """Equal to another that says the same."""

    task: str
    line: str | None
    key: str | None

    def __call__(self) -> None:
        about = {"task": self.task, "line": self.line, "key": self.key}
        room_changed.send_robust(sender=None, **about)


def wake_on_commit(job: Job) -> None:
    """Of a job that is not limited, or that holds a place now, nothing is told."""
    if job.state in HOLDING or job.waiting_for == WaitingFor.BROKER:
        return
    if not policy_of(job.task_id).is_limited:
        return
    waits = job.waiting_for in (WaitingFor.SLOT, WaitingFor.RATE)
    _once(Wake(job.task_id, job.line if waits else None, job.concurrency_key))


def leave_on_commit(task: str, key: str | None) -> None:
    """A place may have become free, though its job goes on elsewhere."""
    if policy_of(task).is_limited:
        _once(Wake(task, None, key))


def _once(wake: Wake) -> None:
    connection = transaction.get_connection()
    open_now = set(connection.savepoint_ids)
    for points, call, _robust in connection.run_on_commit[-LOOKED_AT:]:
        # What is undone with another savepoint may not speak for us.
        if call == wake and set(points) <= open_now:
            return
    transaction.on_commit(wake)
