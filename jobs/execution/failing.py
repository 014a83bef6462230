"""What is written when the function of an attempt failed."""

from typing import TYPE_CHECKING, Any

from celery.utils.serialization import UnpickleableExceptionWrapper
from django.db.models import F
from django.utils.translation import gettext as _

from jobs import registry
from jobs.models import Job

from .finish import fail as fail_or_fall_back
from .outcome import Ending, reason_for

if TYPE_CHECKING:
    from .attempt import RunningAttempt


def failure_of(
    attempt: "RunningAttempt", exception: BaseException, traceback: object
) -> Ending:
    error = _unwrapped(attempt, exception)
    reason = attempt.limits.struck(error) or reason_for(error)
    if attempt.job.falls_back:
        reason = _("Its fallback failed too: %(why)s") % {"why": reason}
    return Ending.failure(
        error, traceback, attempt.log.mask, reason=reason, is_attempt=attempt.has_begun
    )


def fail(attempt: "RunningAttempt", failure: Ending, **changes: Any) -> bool:
    """One whose function was not called is not counted."""
    burnt = {} if attempt.has_begun else {"attempt": F("attempt") - 1}
    return fail_or_fall_back(attempt.mine, failure, **burnt, **changes)


def saved_by(job: Job) -> str:
    """Why a job is well though its function never was; "" for all others."""
    if not job.falls_back:
        return ""
    name = registry.get(job.task_id).fallback_name
    return _("By its fallback %(name)s. Before: %(why)s") % {"name": name, "why": job.reason}


def _unwrapped(attempt: "RunningAttempt", exception: BaseException) -> BaseException:
    """Celery wraps what cannot be pickled, and so hides its name."""
    wrapped = isinstance(exception, UnpickleableExceptionWrapper)
    return attempt.raised if wrapped and attempt.raised is not None else exception
