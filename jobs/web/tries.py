"""The tries of a job as its page shows them: each with its worker, times, error and log."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from jobs.models import Attempt, Job
from jobs.states import State

# Errors of Celery's whose own words say less than ours.
EXPLAINED = ("Reject", "SoftTimeLimitExceeded", "TimeLimitExceeded", "WorkerLostError")


@dataclass(frozen=True)
class Try:
    number: int
    shape: str
    """The state symbol: how it ended."""
    words: str
    worker: str
    started_at: datetime | None
    finished_at: datetime | None
    lines: tuple[int, int] | None
    """Its first and its last line of the log, if it wrote any."""
    error_type: str = ""
    error: str = ""
    traceback: str = ""

    @property
    def has_own_words(self) -> bool:
        """Whether the reason says more than the name of the error."""
        return not self.error_type or self.error_type not in self.words

    @property
    def seconds(self) -> float | None:
        if not self.started_at or not self.finished_at:
            return None
        return (self.finished_at - self.started_at).total_seconds()


def tries(
    job: Job, attempts: Iterable[Attempt], sections: dict[int, tuple[int, int]]
) -> list[Try]:
    """Newest first: the live or last one, which has no row of its own while it is well,
    then those that ended badly."""
    bad = [_bad(attempt, sections) for attempt in attempts]
    return [*_well(job, {each.number for each in bad}, sections), *bad]


def _bad(attempt: Attempt, sections: dict[int, tuple[int, int]]) -> Try:
    return Try(
        number=attempt.number,
        shape=f"s-{State.FAILED}",
        words=attempt.reason,
        worker=attempt.worker,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        lines=sections.get(attempt.number),
        error_type=attempt.error_type,
        error=attempt.error,
        traceback=attempt.traceback,
    )


def _well(job: Job, known: set[int], sections: dict[int, tuple[int, int]]) -> Iterator[Try]:
    if not job.attempt or job.attempt in known or not (job.is_active or job.is_final):
        return
    words = _("It runs.") if job.is_active else str(State(job.state).label)
    yield Try(
        number=job.attempt,
        shape=f"s-{'errors' if job.state == State.COMPLETED_WITH_ERRORS else job.state}",
        words=words,
        worker=job.worker,
        started_at=job.started_at,
        finished_at=job.finished_at,
        lines=sections.get(job.attempt),
    )


def retries(job: Job) -> str:
    """How many of its retries are used."""
    if job.max_retries is None:
        return _("Retry %(n)s, without a bound") % {"n": job.retries}
    return _("Retry %(n)s of %(most)s") % {"n": job.retries, "most": job.max_retries}


def headline(job: Job) -> str:
    """The reason, where it tells best what broke; else ""."""
    is_refused = job.state == State.FAILED and job.field_errors
    return job.reason if is_refused or job.error_type in EXPLAINED else ""
