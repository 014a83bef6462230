"""What failed lately, by cause: a hundred failures of one kind are one thing to look at."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Left

from jobs.models import Job, JobQuerySet
from jobs.states import State

from .filters import Filters
from .grammar import Term

COUNTED = 5_000
"""Failures that are looked at, the newest first."""
AROUND = timedelta(days=7)
"""How long before and after a failure others of its kind are looked for."""
_MOST_ALIKE = 1_000
_LISTED = 5
_TOLD_APART = 8  # characters of a message that are enough to search for it
_SHOWN = 200
# What differs from one failure of a kind to the next: ids, addresses, numbers.
# One quantifier in each: two, one in the other, take for ever on a long text of a-f.
_PARTICULAR = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8}[0-9a-f-]{4,}\b|\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Failure:
    job: str
    task: str
    error_type: str
    error: str
    """The first line of what it said."""
    reason: str
    at: datetime

    @property
    def words(self) -> str:
        """What went wrong: the error, or else why it was failed."""
        said = self.error or self.reason
        return (
            f"{self.error_type}: {said}"
            if self.error_type and said
            else self.error_type or said
        )

    @property
    def kind(self) -> tuple[str, str]:
        return self.task, _PARTICULAR.sub("#", self.words).lower()

    @property
    def search(self) -> Filters:
        """Finds those of its kind: by the longest piece of the message that is the same in
        all of them."""
        piece = max(_PARTICULAR.split(self.error or self.reason), key=len).strip()
        said = piece if len(piece) >= _TOLD_APART else self.error_type or piece
        found = [Term("state", "failed"), Term("task", self.task)]
        return Filters((*found, Term("error", said)) if said else tuple(found))


@dataclass(frozen=True)
class Cause:
    """Failures of one task that say the same but for numbers and ids."""

    last: Failure
    first_at: datetime
    count: int


@dataclass(frozen=True)
class Causes:
    causes: list[Cause]
    """Those with most failures first."""
    count: int

    @property
    def is_more(self) -> bool:
        """Whether older failures were not looked at."""
        return self.count >= COUNTED


def causes(jobs: JobQuerySet, since: datetime) -> Causes:
    """Why those of `jobs` failed that did so since then."""
    failed = jobs.filter(state=State.FAILED, finished_at__gte=since).order_by("-finished_at")
    columns = ("pk", "task", "error_type", Left("error", _SHOWN), Left("reason", _SHOWN))
    found = [_failure(*row) for row in failed.values_list(*columns, "finished_at")[:COUNTED]]
    by_kind: dict[tuple[str, str], list[Failure]] = {}
    for failure in found:
        by_kind.setdefault(failure.kind, []).append(failure)
    grouped = sorted(by_kind.values(), key=len, reverse=True)
    return Causes([_cause(failures) for failures in grouped], len(found))


@dataclass(frozen=True)
class Alike:
    """Other failures of the same kind, around the same time."""

    shown: list[Job]
    count: int
    first_at: datetime
    is_more: bool
    """Whether not all that may be of this kind were looked at."""
    address: str
    """The query of the list that shows them: all that say the same, whatever their numbers."""


def alike(jobs: JobQuerySet, job: Job) -> Alike | None:
    """Which of `jobs` failed as `job` did; None when none did."""
    mine = failure_of(job)
    others = jobs.filter(
        state=State.FAILED, task=job.task_id, error_type=job.error_type,
        finished_at__gte=mine.at - AROUND, finished_at__lte=mine.at + AROUND,
    )  # fmt: skip
    columns = ("pk", "task", "error_type", Left("error", _SHOWN), Left("reason", _SHOWN))
    rows = (
        others.exclude(pk=job.pk).order_by("-finished_at").values_list(*columns, "finished_at")
    )
    looked_at = [_failure(*row) for row in rows[:_MOST_ALIKE]]
    same = [each for each in looked_at if each.kind == mine.kind]
    if not same:
        return None
    listed = jobs.filter(pk__in=[each.job for each in same[:_LISTED]]).order_by("-finished_at")
    return Alike(
        shown=list(
            listed.defer("result", "checkpoint", "traceback").prefetch_related("retried_as")
        ),
        count=len(same),
        first_at=min(same[-1].at, mine.at),
        is_more=len(looked_at) == _MOST_ALIKE,
        address=mine.search.address,
    )


def failure_of(job: Job) -> Failure:
    """What a job that has failed says of it."""
    at = job.finished_at or job.created_at
    return _failure(
        job.pk, job.task_id, job.error_type, job.error[:_SHOWN], job.reason[:_SHOWN], at
    )


def _failure(
    job: str, task: str, error_type: str, error: str, reason: str, at: datetime
) -> Failure:
    return Failure(job, task, error_type, _first_line(error), _first_line(reason), at)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()


def _cause(newest_first: list[Failure]) -> Cause:
    return Cause(newest_first[0], newest_first[-1].at, len(newest_first))
