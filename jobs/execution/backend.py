"""The result backend: where Celery reports what became of a task.

A subclass of django-celery-results'. For our jobs each report becomes the one guarded
write that it means; `TaskResult` is written by that, once, at the end. What is no job
of ours (Celery's built-ins, excluded tasks) goes on as stock.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from celery import states
from celery.exceptions import TimeLimitExceeded, WorkerLostError
from django.db import transaction
from django.utils.translation import gettext as _
from django_celery_results.backends.database import DatabaseBackend as StockBackend

from jobs import registry
from jobs.conf import configuration
from jobs.dispatch.changes import move_and_tell
from jobs.dispatch.forks import between_forks
from jobs.dispatch.publisher import is_unpublished
from jobs.models import Job, OnLost
from jobs.states import CELERY_STATES, FINAL, WAITING, Requested, State

from .attempt import RunningAttempt
from .books import BROKEN
from .context import running_attempt
from .deaths import cause_of_death
from .finish import fail, finish, lose, requeue
from .orphans import delete_orphans
from .outcome import Ending, RetryOrder
from .scratch import remove_scratch

logger = logging.getLogger(__name__)

# Celery's word for the end of a process that ran a task.
TERMINATED = "terminated"


class DatabaseBackend(StockBackend):
    def mark_as_done(
        self, task_id: str, result: Any, request: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        attempt = running_attempt(task_id)
        if attempt is None:
            super().mark_as_done(task_id, result, request, *args, **kwargs)
        else:
            attempt.succeed(result)

    def mark_as_failure(
        self,
        task_id: str,
        exc: BaseException,
        traceback: Any = None,
        request: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        attempt = running_attempt(task_id)
        if attempt is not None:
            attempt.fail(exc, traceback)
        elif not getattr(request, "lease", None):
            super().mark_as_failure(task_id, exc, traceback, request, *args, **kwargs)
        elif is_job(task_id):
            ended_by_parent(task_id, request.lease, exc, traceback)
        else:
            with told_by_parent(task_id):
                super().mark_as_failure(task_id, exc, traceback, request, *args, **kwargs)

    def mark_as_retry(
        self, task_id: str, exc: BaseException, traceback: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        attempt = running_attempt(task_id)
        if attempt is not None:
            order = attempt.retry_order or RetryOrder(attempt.job.retries + 1)
            return attempt.retry(order, exc or Exception("retry"), traceback)
        if lease := getattr(kwargs.get("request"), "lease", None):
            return given_back_by_parent(task_id, lease)
        return super().mark_as_retry(task_id, exc, traceback, *args, **kwargs)

    def mark_as_revoked(
        self, task_id: str, reason: str = "", request: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        """A foreign `revoke`: a waiting job is cancelled, a running one was terminated."""
        if request is None or not registry.makes_jobs(request.task):
            super().mark_as_revoked(task_id, reason, request, *args, **kwargs)
            return
        with told_by_parent(task_id):
            revoked(task_id, getattr(request, "lease", ""), str(reason))

    def store_result(
        self, task_id: str, result: Any, state: str, *args: Any, **kwargs: Any
    ) -> Any:
        """`update_state` from a function is progress; it never ends a job."""
        attempt = running_attempt(task_id)
        if attempt is not None:
            hear_state(attempt, state, result)
        elif Job.objects.filter(pk=task_id).exists():
            logger.warning("%s of the job %s was not told by its attempt.", state, task_id)
        else:
            return super().store_result(task_id, result, state, *args, **kwargs)
        return result

    def _get_task_meta_for(self, task_id: str) -> dict[str, Any]:
        columns = ("id", "state", "progress", "error_type", "error")
        job = Job.objects.filter(pk=task_id).only(*columns).first()
        if job is None or job.state in FINAL:
            return super()._get_task_meta_for(task_id)  # type: ignore[no-any-return]
        status = CELERY_STATES[State(job.state)]
        return {"task_id": task_id, "status": status, "result": job.progress, "children": []}

    def cleanup(self) -> None:
        """What `celery.backend_cleanup` does each day: old results go, and bytes of files
        that no job has."""
        super().cleanup()
        delete_orphans()

    def wait_for(self, task_id: str, *args: Any, **kwargs: Any) -> Any:
        if is_unpublished(task_id):
            raise RuntimeError(
                f"The job {task_id} starts when this transaction commits; waiting for it "
                "inside would never end."
            )
        return super().wait_for(task_id, *args, **kwargs)


def hear_state(attempt: RunningAttempt, state: str, meta: Any) -> None:
    """`meta` of `{current, total, status}` is what most tasks report."""
    if state == states.STARTED:
        return
    if state == states.FAILURE:
        attempt.told_failure = meta
    if isinstance(meta, dict):
        message = meta.get("status") or meta.get("message")
        attempt.current_job.progress(meta.get("current"), meta.get("total"), message)


def revoked(job_id: str, lease: str, reason: str) -> None:
    """Stopped from outside: what was asked to pause is paused at its last checkpoint."""
    job = Job.objects.filter(pk=job_id)
    held = job.held_by(lease)
    if not move_and_tell(held.filter(requested=Requested.PAUSE), State.PAUSED):
        ending = Ending(State.CANCELLED, reason)
        # Who ends an attempt that was given up long ago does not mean the next one.
        if reason != TERMINATED:
            finish(job.filter(state__in=WAITING), ending)
        finish(held, ending)


def given_up(job_ids: Iterable[str]) -> None:
    """A foreign `revoke` of what waits, whatever for."""
    waiting = Job.objects.filter(pk__in=job_ids, state__in=WAITING)
    finish(waiting, Ending(State.CANCELLED, _("It was revoked.")))


def is_job(task_id: str) -> bool:
    """Whether the worker's main process speaks of a job: not of an excluded task, or of a
    message that was left to plain Celery. If the database cannot tell, it is one."""
    known = True
    with told_by_parent(task_id):
        known = Job.objects.filter(pk=task_id).exists()
    return known


@contextmanager
def told_by_parent(job_id: str) -> Iterator[None]:
    """What a worker's main process writes of a job that it runs. No fault of the database
    may end that process: the lease is not renewed any more, so the relay takes the job."""
    try:
        with between_forks():
            yield
    except BROKEN as error:
        logger.error("The end of the job %s cannot be told: %s", job_id, error)


def given_back_by_parent(job_id: str, lease: str) -> None:
    """The worker ends what it runs, to be run elsewhere (a cold shutdown)."""
    mine = Job.objects.filter(pk=job_id).held_by(lease)
    # Celery says "Retry" of it, which nobody asked for.
    told_to_end = WorkerLostError(_("Its worker was told to end."))
    ending = Ending(State.FAILED, str(told_to_end), exception=told_to_end)
    with told_by_parent(job_id), transaction.atomic():
        if not requeue(mine.filter(on_lost=OnLost.RETRY), ending):
            finish(mine, ending)


def ended_by_parent(job_id: str, lease: str, exc: BaseException, traceback: Any) -> None:
    """The child cannot tell any more: killed, or past its hard time limit."""
    mine = Job.objects.filter(pk=job_id).held_by(lease)
    is_lost = isinstance(exc, WorkerLostError) and not isinstance(exc, TimeLimitExceeded)
    reason = cause_of_death(exc, lease) if is_lost else ""
    failure = Ending.failure(exc, traceback, reason=reason)
    with told_by_parent(job_id), transaction.atomic():
        if is_lost:
            lose(mine, failure, max_lost=configuration().max_lost)
        else:
            fail(mine, failure)
    remove_scratch(lease)
