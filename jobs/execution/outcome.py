"""How an attempt can end, and the exceptions by which a job leaves its function."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery.exceptions import Reject, SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import sanitize
from jobs.models import Job
from jobs.params import Invalid
from jobs.states import State

from .deaths import cause_of_death
from .limits import hard_limit_struck

ERROR_MAX_CHARS = 20_000
TRACEBACK_MAX_CHARS = 100_000
FIELD_ERROR_MAX_CHARS = 1_000
# Between two attempts of a job that no worker wants.
LONGEST_PAUSE_SECONDS = 60


class Interruption(BaseException):
    """Not an `Exception`: neither `except Exception` nor autoretry may eat it."""


class Paused(Interruption):
    """Raised at a safe point after somebody asked to pause."""


class Cancelled(Interruption):
    """Raised at a safe point after somebody asked to cancel."""


class Leaving(Interruption):
    """Raised where a checkpoint was just stored, after the worker was told to end."""


class LeaseLost(Interruption):
    """This attempt was given up for dead and its job belongs to another one."""


class Exited(Exception):
    """The function wanted to end its process, by `sys.exit()` for example; the process
    belongs to the worker."""

    def __init__(self, leaving: BaseException) -> None:
        how = f"{type(leaving).__name__}({leaving})"
        super().__init__(_("It tried to end its worker's process: %(how)s.") % {"how": how})


class UnusableResult(Exception):
    """What the function returned cannot be stored."""


@dataclass(frozen=True)
class Ending:
    """A final state with all that is told of it."""

    state: State
    reason: str = ""
    # What the function returned, for the next steps of the canvas.
    value: Any = None
    # The same as JSON for the row (see `result.as_json`).
    result: Any = None
    exception: BaseException | None = None
    traceback: str = ""
    # Whether the function was called; else no attempt is burnt.
    is_attempt: bool = True
    # Takes the secrets that the job was given out of a text.
    mask: Callable[[str], str] = str

    @classmethod
    def success(
        cls, value: Any, *, result: Any = None, errors: int = 0, reason: str = ""
    ) -> "Ending":
        state = State.COMPLETED_WITH_ERRORS if errors else State.COMPLETED
        return cls(state, reason, value=value, result=result)

    @classmethod
    def failure(
        cls,
        exception: BaseException,
        traceback: object = "",
        mask: Callable[[str], str] = str,
        *,
        reason: str = "",
        is_attempt: bool = True,
    ) -> "Ending":
        return cls(
            State.FAILED,
            sanitize.text(mask(reason or reason_for(exception)), ERROR_MAX_CHARS),
            exception=exception,
            traceback=sanitize.text(mask(str(traceback or "")), TRACEBACK_MAX_CHARS),
            mask=mask,
            is_attempt=is_attempt,
        )

    @property
    def field_errors(self) -> dict[str, list[str]]:
        """Of each parameter that does not fit; of the whole under ""."""
        if not isinstance(self.exception, Invalid):
            return {}
        return {
            sanitize.text(name, 255): [
                sanitize.text(self.mask(error), FIELD_ERROR_MAX_CHARS) for error in errors
            ]
            for name, errors in self.exception.fields.items()
        }

    @property
    def error_columns(self) -> dict[str, str]:
        """Columns of a job, and of an attempt, that tell of the exception."""
        if self.exception is None:
            return {}
        return {
            "error_type": type(self.exception).__name__[:255],
            "error": sanitize.text(self.mask(words_of(self.exception)), ERROR_MAX_CHARS),
            "traceback": self.traceback,
        }


@dataclass(frozen=True)
class RetryOrder:
    """What `self.retry(…)` asked for; None keeps what the row says."""

    retries: int
    not_before: datetime | None = None
    arguments: str | None = None
    queue: str | None = None
    priority: int | None = None
    soft_time_limit: float | None = None
    time_limit: float | None = None
    expires_at: datetime | None = None
    max_retries: int | None = None

    @classmethod
    def put_back(cls, job: Job) -> "RetryOrder":
        """After `Reject(requeue=True)`: another worker may want it. That is no retry, and
        comes later each time: nobody is to spin."""
        pause = min(2 ** (job.attempt - 1), LONGEST_PAUSE_SECONDS)
        return cls(job.retries, not_before=timezone.now() + timedelta(seconds=pause))


def words_of(exception: BaseException) -> str:
    """What an exception says; its class is somebody else's, and may even fail at that."""
    try:
        return str(exception.reason if isinstance(exception, Reject) else exception)
    except Exception as error:
        return _("(an error without words: %(why)s)") % {"why": type(error).__name__}


def reason_for(exception: BaseException) -> str:
    """Why an attempt failed, in words."""
    for kinds, words in _REASONS:
        if isinstance(exception, kinds):
            return words(exception)
    return _("It raised %(error)s.") % {"error": type(exception).__name__}


_REASONS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (TimeLimitExceeded, hard_limit_struck),
    (SoftTimeLimitExceeded, lambda e: _("It ran longer than its soft time limit.")),
    (WorkerLostError, cause_of_death),
    (Invalid, lambda e: _("Its parameters do not fit the task.")),
    (Reject, lambda e: _("It refused its job: %(why)s") % {"why": words_of(e)}),
    ((UnusableResult, Exited), str),
)
