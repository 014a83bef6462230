"""The time limits of a job: how long, and who set them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.utils.translation import gettext as _

from jobs import registry
from jobs.dispatch import policy
from jobs.models import Job


@dataclass(frozen=True)
class Limit:
    label: str
    seconds: float
    whose: str


def limits(job: Job) -> list[Limit]:
    """The soft one, then the hard one; none that does not exist."""
    soft = _found(job, "soft_time_limit", _("Soft limit"))
    return [*soft, *_found(job, "time_limit", _("Hard limit"))]


def _found(job: Job, name: str, label: str) -> Iterator[Limit]:
    seconds: float | None = getattr(job, name)
    if seconds:
        yield Limit(label, seconds, _whose(job.task_id, name, seconds))
    elif general := getattr(current_app.conf, f"task_{name}"):
        yield Limit(label, general, _("for all jobs of this site"))


def _whose(task: str, name: str, seconds: float) -> str:
    if getattr(policy.edited(task), name) == seconds:
        return _("set for its task by an operator")
    if getattr(_code(task), name, None) == seconds:
        return _("from the code of its task")
    return _("of this job alone")


def _code(task: str) -> Any:
    try:
        return registry.get(task)
    except registry.UnknownTask:
        return None
