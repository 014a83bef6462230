"""Time limits that struck, in words: which one, and after how long."""

from datetime import timedelta
from typing import Any

from celery import current_app
from celery.exceptions import TimeLimitExceeded
from django.utils.translation import gettext as _

from jobs.models import Job
from jobs.params.durations import written


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
    limit: Any = job.soft_time_limit or current_app.conf.task_soft_time_limit
    if not limit:  # of its worker alone
        return _("Its soft time limit struck; it left after %(time)s.") % {
            "time": _span(seconds)
        }
    return _("Its soft time limit of %(limit)s struck; it left after %(time)s.") % {
        "limit": _span(limit),
        "time": _span(seconds),
    }


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{round(seconds, 1):g} s"
    return written(timedelta(seconds=round(seconds)))
