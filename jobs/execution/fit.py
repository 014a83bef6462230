"""Whether a job still fits its task, and what it is called with.

A job may wait across a deploy, or for a week. What was judged when it was asked for (a
form, the API, a schedule, or Celery's own check of a call) and fits no longer is not the
fault of the job: it is held for a person, before an attempt is burnt.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from jobs import registry, sanitize
from jobs.dispatch.changes import move_and_tell
from jobs.dispatch.typed import opened
from jobs.models import Artifact, Event, Job, JobQuerySet
from jobs.params import Invalid, Unreadable
from jobs.states import Requested, State, WaitingFor

from .files import open_file
from .finish import hold_still, stop
from .outcome import Ending

if TYPE_CHECKING:
    from .attempt import RunningAttempt

Arguments = tuple[list[Any], dict[str, Any]]
MISFIT = "misfit"


def arguments_of(attempt: "RunningAttempt") -> Arguments:
    """Typed arguments. Raises Invalid when they do not fit the function any more, and
    registry.UnknownTask."""
    try:
        return _sent(attempt.job) if attempt.job.arguments else _asked(attempt)
    except Artifact.DoesNotExist:
        raise Invalid({"": [_("A file that it was given is no longer there.")]}) from None


def _asked(attempt: "RunningAttempt") -> Arguments:
    parameters = registry.get(attempt.job.task_id).parameters
    loaded = parameters.load(attempt.job.params, lambda key: open_file(attempt, key))
    return parameters.split(loaded)


def _sent(job: Job) -> Arguments:
    """By a caller in code. One that nobody judged then is not judged now: as in Celery it
    fails when it is called."""
    args, kwargs = sent(job)
    judge_call(job, args, kwargs)
    return args, kwargs


def judge_call(job: Job, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Raises Invalid when a call that once fitted its task does so no longer."""
    if job.field_errors is not None:
        with suppress(registry.UnknownTask):  # a step of Celery's own, for one
            registry.get(job.task_id).parameters.judge_call(args, kwargs)


def sent(job: Job) -> Arguments:
    """What a caller in code sent; raises Invalid when it can no longer be opened."""
    try:
        args, kwargs = opened(job.arguments)
    except Unreadable as reason:
        problem = _("Its secrets can no longer be read: SECRET_KEY has changed.")
        raise Invalid({"": [problem]}) from reason
    return args, kwargs


def hold(chosen: JobQuerySet, job: Job, unfit: Invalid, **changes: Any) -> bool:
    """Back to waiting, as if it had not been taken, until a person starts it."""
    failure = Ending.failure(unfit)
    is_first = {"started_at": None, "worker": ""} if job.attempt == 1 else {}
    changes |= {"attempt": F("attempt") - 1, **is_first}
    changes |= {"reason": failure.reason, "field_errors": failure.field_errors}
    with transaction.atomic():
        hold_still(chosen)
        held = move_and_tell(
            chosen.filter(requested=Requested.NOTHING),
            State.PENDING,
            waiting_for=WaitingFor.START,
            **changes,
        )
        for row in held:
            _note(row, job.worker, unfit)
        return bool(held or stop(chosen, changes))


def _note(job: Job, worker: str, unfit: Invalid) -> None:
    Event.objects.create(
        job_id=job.pk,
        task_id=job.task_id,
        subject=worker[:255],
        verb=MISFIT,
        before={"state": State.QUEUED},
        after={"state": job.state, "waiting_for": job.waiting_for},
        reason=sanitize.text(str(unfit), 2_000),
    )
