"""Why a job is not running, in words, and what would change that."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.models import Job, Task
from jobs.states import State, WaitingFor

_PATIENCE_SECONDS = 15


@dataclass(frozen=True)
class Check:
    """One thing that must be so before the job runs."""

    words: str
    detail: str
    passes: bool
    symbol: str
    at: datetime | None = None


def headline(job: Job) -> str:
    """One sentence: what it waits for."""
    if job.state == State.RETRYING:
        return _("Attempt %(n)s failed; another follows.") % {"n": job.attempt}
    if job.state == State.PAUSED:
        return _("It is paused; its checkpoint is kept and no worker is held.")
    if job.state == State.QUEUED:
        return _("It waits for a worker of the queue “%(queue)s”.") % {"queue": job.queue}
    if is_misfit(job):
        return _("Its parameters no longer fit its task.")
    told = _REASONS.get(job.waiting_for)
    return told(job) if told else _("It waits to be sent to the broker.")


def is_misfit(job: Job) -> bool:
    """Whether it is held for what it was given."""
    return job.waiting_for == WaitingFor.START and bool(job.field_errors)


_REASONS: dict[str, Callable[[Job], str]] = {
    WaitingFor.START: lambda job: _("It is held until a person starts it."),
    WaitingFor.TIME: lambda job: _("It waits for its time."),
    WaitingFor.SLOT: lambda job: _("It waits for a free slot of its task."),
    WaitingFor.RATE: lambda job: _("It waits for the rate limit of its task."),
    WaitingFor.QUEUE: lambda job: _("Its queue “%(queue)s” is paused.") % {"queue": job.queue},
    WaitingFor.TASK: lambda job: _("Its task is disabled."),
    WaitingFor.UPSTREAM: lambda job: _("It waits for a job before it."),
    WaitingFor.BROKER: lambda job: _("The broker cannot be reached."),
}


def checks(job: Job, task: Task | None) -> list[Check]:
    """All that must be so, what stops it first."""
    found = [*_start(job), *_task(task), *_time(job), *_broker(job), *_worker(job)]
    return sorted(found, key=lambda check: check.passes)


def _start(job: Job) -> Iterator[Check]:
    if is_misfit(job):
        detail = _("edit them, then start it: %(names)s") % {"names": _misfits(job)}
        yield Check(_("Its parameters do not fit the task"), detail, False, "i-alert")
    if job.waiting_for == WaitingFor.START:
        detail = _("its owner and the managers of its task can")
        yield Check(_("Nobody has started it"), detail, False, "i-user")


def _misfits(job: Job) -> str:
    """album: Enter a whole number. · …"""
    found = [(name, text) for name, texts in (job.field_errors or {}).items() for text in texts]
    return " · ".join(f"{name}: {text}" if name else text for name, text in found)


def _task(task: Task | None) -> Iterator[Check]:
    if task is None:
        return
    if task.missing_at is not None or task.error:
        detail = _("no worker that follows this code can run it")
        yield Check(_("Its task is missing"), detail, False, "i-alert", task.missing_at)
    elif not task.enabled:
        detail = _("a manager of the task can enable it")
        yield Check(_("Its task is disabled"), detail, False, "i-lock")
    else:
        yield Check(_("Its task is enabled"), "", True, "i-check")


def _time(job: Job) -> Iterator[Check]:
    if job.not_before and job.not_before > timezone.now():
        yield Check(_("Its time has not come"), "", False, "i-clock", job.not_before)
    elif job.not_before:
        yield Check(_("Its time has come"), "", True, "i-check", job.not_before)


def _broker(job: Job) -> Iterator[Check]:
    if job.waiting_for == WaitingFor.BROKER:
        detail = _("the job is safe in the database and goes out when the broker is back")
        yield Check(_("The broker does not answer"), detail, False, "i-bolt")
    elif job.rings and job.state == State.QUEUED:
        yield Check(_("The broker has its message"), "", True, "i-check")


def _worker(job: Job) -> Iterator[Check]:
    if job.state != State.QUEUED:
        return
    waited = (timezone.now() - (job.queued_at or job.created_at)).total_seconds()
    detail = ""
    if waited > _PATIENCE_SECONDS:
        detail = _("all workers of this queue are busy, or none serves it")
    yield Check(_("No worker has taken it yet"), detail, False, "i-worker", job.queued_at)
