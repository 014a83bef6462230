"""The verbs on one job, in words: which make sense for it now, and which a person may use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as lazy

from jobs import permissions
from jobs.execution.many import AGAIN
from jobs.models import Job
from jobs.states import ACTIVE, FINAL, LIVE, WAITING, Requested, State, WaitingFor


@dataclass(frozen=True)
class Verb:
    """One verb, and when it makes sense. `asks` is the question before a destructive one;
    without it the verb is carried out at once."""

    name: str
    label: Any
    icon: str
    fits: Callable[[Job], bool]
    asks: Any = ""
    is_aside: bool = False  # offered in the menu, not in the row

    @property
    def does(self) -> str:
        """The label of the button that does it, after the question."""
        return str(self.label).rstrip("…")


def _is_held(job: Job) -> bool:
    return job.state == State.PENDING and job.waiting_for == WaitingFor.START


def _may_pause(job: Job) -> bool:
    still = job.waiting_for in (WaitingFor.START, WaitingFor.UPSTREAM)
    return job.state in LIVE - {State.PAUSED} and not job.requested and not still


def _may_resume(job: Job) -> bool:
    return job.state == State.PAUSED or job.requested == Requested.PAUSE


VERBS = (
    Verb("start", lazy("Start"), "i-play", _is_held),
    Verb("resume", lazy("Resume"), "i-play", _may_resume),
    Verb("pause", lazy("Pause"), "i-pause", _may_pause),
    Verb(
        "cancel",
        lazy("Cancel…"),
        "i-x",
        lambda job: job.state in LIVE and job.requested != Requested.CANCEL,
        lazy("It stops at its next safe point; what it has written so far stays."),
    ),
    Verb(
        "terminate",
        lazy("End now…"),
        "i-x",
        lambda job: job.state in ACTIVE and bool(job.requested),
        lazy("Its process is ended without waiting for a safe point."),
    ),
    Verb(
        "stack",
        lazy("Show its stack"),
        "i-queue",
        lambda job: job.state in ACTIVE,
        is_aside=True,
    ),
    Verb("retry", lazy("Run again"), "i-play", lambda job: job.state in FINAL),
    Verb(
        "continue",
        lazy("Run again from its checkpoint"),
        "i-play",
        lambda job: job.state in FINAL and job.checkpoint is not None,
        is_aside=True,
    ),
    Verb(
        "fail",
        lazy("Mark as failed…"),
        "i-x",
        lambda job: job.state in WAITING,
        lazy("Nobody holds it; it ends as failed, and what comes after it is told so."),
        is_aside=True,
    ),
)


def offered(user: permissions.Person, job: Job) -> list[Verb]:
    """The verbs that make sense for the job now and that `user` may use."""
    fitting = [verb for verb in VERBS if verb.fits(job)]
    if not fitting or not permissions.may(user, "control", job):
        return []
    may_run = permissions.tasks(user, "run").filter(pk=job.task_id).exists()
    return [verb for verb in fitting if may_run or verb.name not in AGAIN]
