"""Time limits: in words when one struck, and on pools that can interrupt nothing (threads,
solo, gevent) raised at the safe points of the function."""

import os
import time
from datetime import timedelta
from typing import Any

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded
from django.utils.translation import gettext as _

from jobs.models import Job
from jobs.params.durations import written

# The worker's main process; a function that runs there cannot be interrupted by it.
_main_process: int | None = None


def note_main_process() -> None:
    global _main_process
    _main_process = os.getpid()


class Limits:
    """Those of one attempt, as far as the function itself has to keep them."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._began = time.monotonic()
        self._is_told = False
        is_ours = _main_process == os.getpid()
        self._soft = _of(job, "soft_time_limit") if is_ours else None
        self._hard = _of(job, "time_limit") if is_ours else None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    @property
    def are_due(self) -> bool:
        return self._is_over(self._hard) or (self._is_over(self._soft) and not self._is_told)

    def strike(self) -> None:
        """The soft one once, the hard one at every safe point from then on."""
        if self._is_over(self._hard):
            raise TimeLimitExceeded(self._hard)
        if self._is_over(self._soft) and not self._is_told:
            self._is_told = True
            raise SoftTimeLimitExceeded

    def struck(self, error: BaseException) -> str:
        """In words; "" for what is no limit."""
        if isinstance(error, SoftTimeLimitExceeded):
            return soft_limit_struck(self.job, self.seconds)
        if isinstance(error, TimeLimitExceeded):
            told = _("Its hard time limit of %(limit)s struck; it left after %(time)s.")
            limit = self._hard or self.job.time_limit or 0
            return told % {"limit": _span(limit), "time": _span(self.seconds)}
        return ""

    def _is_over(self, limit: float | None) -> bool:
        return bool(limit) and self.seconds > (limit or 0)


def hard_limit_struck(error: TimeLimitExceeded) -> str:
    """In the worker's main process, which ends the one that overran."""
    limit = error.args[0] if error.args else None
    if not isinstance(limit, int | float):
        return _("It ran longer than its hard time limit and was ended.")
    return _("It was ended by force after %(limit)s, its hard time limit.") % {
        "limit": _span(limit)
    }


def soft_limit_struck(job: Job, seconds: float) -> str:
    """`seconds` is how long the attempt took, with all that it did after it was told."""
    limit = _of(job, "soft_time_limit")
    if not limit:  # of its worker alone
        return _("Its soft time limit struck; it left after %(time)s.") % {
            "time": _span(seconds)
        }
    return _("Its soft time limit of %(limit)s struck; it left after %(time)s.") % {
        "limit": _span(limit),
        "time": _span(seconds),
    }


def _of(job: Job, name: str) -> Any:
    """The job's own, or that of the site."""
    return getattr(job, name) or getattr(current_app.conf, f"task_{name}")


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{round(seconds, 1):g} s"
    return written(timedelta(seconds=round(seconds)))
