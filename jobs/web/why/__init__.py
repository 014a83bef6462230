"""Why a job is not running, in words, and what would change that.

All of it comes from rows: a broker that hangs makes no page wait.
"""

from collections.abc import Callable
from functools import cached_property

from django.utils.translation import gettext as _

from jobs import permissions
from jobs.models import Attempt, Event, Job
from jobs.reading.waiting import Place, Wait
from jobs.states import State, WaitingFor

from . import held, queued, shut, turn
from .check import Case, Check
from .held import is_misfit

__all__ = ["Check", "Why", "headline", "is_misfit"]

_REASONS: dict[str, Callable[[Job], str]] = {
    WaitingFor.START: lambda job: _("It is held until a person starts it."),
    WaitingFor.TIME: lambda job: _("It waits for its time."),
    WaitingFor.SLOT: lambda job: _("It waits for a free slot of its task."),
    WaitingFor.RATE: lambda job: _("It waits for the rate limit of its task."),
    WaitingFor.QUEUE: lambda job: _("Its queue “%(queue)s” is closed.") % {"queue": job.queue},
    WaitingFor.TASK: lambda job: _("Its task is disabled."),
    WaitingFor.UPSTREAM: lambda job: _("It waits for a job before it."),
    WaitingFor.BROKER: lambda job: _("The broker cannot be reached."),
}
# In the order of their turn.
_HELD = (
    held.start, held.pause, held.attempt, held.task, held.time, shut.queue, turn.limit,
    held.upstream, held.broker, held.relay,
)  # fmt: skip


def headline(job: Job) -> str:
    """One sentence from the row alone, for lists."""
    if job.state == State.RETRYING:
        return _("Attempt %(n)s failed; another follows.") % {"n": job.attempt}
    if job.state == State.PAUSED:
        return _("It is paused.")
    if job.state == State.QUEUED:
        return _("It waits for a worker of the queue “%(queue)s”.") % {"queue": job.queue}
    if is_misfit(job):
        return _("Its parameters no longer fit its task.")
    told = _REASONS.get(job.waiting_for)
    return told(job) if told else _("It waits to be sent to the broker.")


class Why:
    """Of one waiting job, for one person."""

    def __init__(
        self,
        user: permissions.Person,
        job: Job,
        events: list[Event],
        attempts: list[Attempt],
    ) -> None:
        self._case = Case(user, job, events, attempts)
        self._job = job
        self._wait = Wait(user, job)

    @cached_property
    def checks(self) -> list[Check]:
        """All that must be so, what stops it first."""
        found = [check for look in _HELD for check in look(self._case)]
        if self._job.state == State.QUEUED:
            found += [
                *queued.message(self._case),
                *queued.workers(self._wait),
                *queued.line(self._wait),
            ]
        return sorted(found, key=lambda check: check.rank)

    @property
    def headline(self) -> str:
        """One sentence: what stops it, or else what it is about to do."""
        for check in self.checks:
            if check.because:
                return check.because
        if self._job.state == State.QUEUED:
            return _("A worker takes it in a moment.")
        return headline(self._job)

    @property
    def place(self) -> Place | None:
        """Where it stands in line, when there is a line."""
        if self._job.state != State.QUEUED or not self._wait.place.before:
            return None
        return self._wait.place

    @property
    def seconds_in_line(self) -> float | None:
        """About how long it takes until its turn, where that can be said."""
        return self._wait.seconds
