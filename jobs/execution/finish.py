"""The one way to an end. Whoever ends a job (worker, parent, relay, a person) does it
here: the guarded UPDATE, the TaskResult and whatever comes next are one transaction."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from celery.exceptions import Reject
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs import registry, sanitize
from jobs.conf import as_the_site_speaks
from jobs.dispatch.caller import on_behalf_of
from jobs.dispatch.changes import FACTS, move_and_tell, tell_on_commit
from jobs.dispatch.entrance import enter
from jobs.models import Attempt, Event, Job, JobQuerySet, OneJob, OnLost
from jobs.params import Invalid
from jobs.states import SUCCESSFUL, Requested, State

from .books import BROKEN
from .canvas import follow
from .outcome import ERROR_MAX_CHARS, Ending, RetryOrder
from .result import store_task_result

logger = logging.getLogger(__name__)

# Loaded with the moved row: what a listener, the TaskResult and the canvas need.
COLUMNS = (*FACTS, "options", "root_id", "group_id", "parent_id", "ignore_result", "params")


def held(id: str, lease: str) -> JobQuerySet:
    """The job, if the lease still holds it."""
    return Job.objects.filter(pk=id).held_by(lease)


def finish(chosen: JobQuerySet | OneJob, ending: Ending, **changes: Any) -> list[Job]:
    """End the chosen jobs; the ones that this call ended. The others were already over,
    or belong to another lease, and nothing at all is written for them."""
    changes = {"reason": ending.reason, **ending.error_columns, **changes}
    if ending.result is not None:
        changes["result"] = ending.result
    if ending.field_errors:
        changes["field_errors"] = ending.field_errors
    with transaction.atomic(savepoint=False):
        ended = chosen.move_returning(ending.state, COLUMNS, **changes)
        for job in ended:
            _conclude(job, ending)
    return ended


def _conclude(job: Job, ending: Ending) -> None:
    # A chord reads the results of its parts, wanted by others or not.
    if job.group_id or not (job.ignore_result and ending.state in SUCCESSFUL):
        store_task_result(job, ending)
    if ending.exception is not None and ending.is_attempt and job.attempt:
        _remember_attempt(job, ending)
    with on_behalf_of(job.owner_id):
        if ending.state in SUCCESSFUL:
            follow(job, ending)  # what cannot come next makes a failure of this success
        elif job.options:
            _follow_failure(job, ending)
    tell_on_commit(job)


def _follow_failure(job: Job, ending: Ending) -> None:
    """Nothing may keep a job from its end: else it would be lost and run again for ever."""
    try:
        with transaction.atomic(), as_the_site_speaks():
            follow(job, ending)
    except BROKEN:
        raise
    except Exception as error:
        logger.exception("What comes after the job %s cannot be told.", job.pk)
        reason = sanitize.text(f"{type(error).__name__}: {error}", ERROR_MAX_CHARS)
        Event.objects.create(job_id=job.pk, task_id=job.task_id, verb="follow", reason=reason)


def retry_later(
    chosen: JobQuerySet, order: RetryOrder, failure: Ending, **changes: Any
) -> bool:
    """An attempt failed and the next is due: the same job waits for it as a row."""
    changes |= {"reason": failure.reason}
    wanted = asdict(order)
    changes |= {name: value for name, value in wanted.items() if value is not None}
    changes["not_before"] = order.not_before or Now()
    return _again(
        chosen, failure, changes, lambda rows: move_and_tell(rows, State.RETRYING, **changes)
    )


def requeue(chosen: JobQuerySet, failure: Ending, **changes: Any) -> bool:
    """Back into its queue at once, without an end."""
    changes |= {"reason": failure.reason}
    return _again(chosen, failure, changes, lambda rows: enter(rows, **changes))


def _again(
    chosen: JobQuerySet,
    failure: Ending,
    changes: dict[str, Any],
    move: Callable[[JobQuerySet], list[Job]],
) -> bool:
    """The next attempt of a job that nobody wanted to stop. Where somebody did, and the
    attempt ended before it obeyed, there is none: that must not be forgotten."""
    with transaction.atomic():
        hold_still(chosen)
        moved = move(chosen.filter(requested=Requested.NOTHING)) or stop(chosen, changes)
        for job in moved:
            _remember_attempt(job, failure)
    return bool(moved)


def hold_still(chosen: JobQuerySet) -> None:
    """Nothing is asked or withdrawn between the statements that follow."""
    list(chosen.select_for_update(of=("self",)).values_list("pk"))


def stop(chosen: JobQuerySet, changes: dict[str, Any]) -> list[Job]:
    """Do what was asked of an attempt that is over."""
    paused = move_and_tell(chosen.filter(requested=Requested.PAUSE), State.PAUSED, **changes)
    unwanted = chosen.filter(requested=Requested.CANCEL)
    return paused or finish(unwanted, Ending(State.CANCELLED), **changes)


def fail(chosen: JobQuerySet, failure: Ending, **changes: Any) -> bool:
    """The last attempt failed: the task's fallback has its turn, or the job ends."""
    return fall_back(chosen, failure, **changes) or bool(finish(chosen, failure, **changes))


def fall_back(chosen: JobQuerySet, failure: Ending, **changes: Any) -> bool:
    """One attempt more, in which the task's fallback takes the place of the function. What
    was refused, or does not fit, is no better in other hands."""
    if not failure.is_attempt or isinstance(failure.exception, Reject | Invalid):
        return False
    task = chosen.filter(falls_back=False).values_list("task_id", flat=True).first()
    if task is None or not registry.has_fallback(task):
        return False
    return requeue(chosen, failure, falls_back=True, **changes)


def lose(chosen: JobQuerySet, failure: Ending, *, max_lost: int) -> bool:
    """The attempt's process is gone. The task's word says whether it runs again, and one
    that was being cancelled does not."""
    again = chosen.filter(
        Q(on_lost=OnLost.RETRY, lost__lt=max_lost) | Q(requested=Requested.CANCEL)
    )
    lost = {"lost": F("lost") + 1}
    if requeue(again, failure, **lost) or fall_back(
        chosen.filter(on_lost=OnLost.RETRY), failure, **lost
    ):
        return True
    return bool(finish(chosen, failure, **lost))


def _remember_attempt(job: Job, ending: Ending) -> None:
    attempt = Attempt(
        job_id=job.id,
        number=job.attempt,
        worker=job.worker,
        started_at=job.started_at,
        reason=ending.reason,
        **ending.error_columns,
    )
    # A second end of one attempt cannot happen under the lease; a conflict is the same.
    Attempt.objects.bulk_create([attempt], ignore_conflicts=True)
