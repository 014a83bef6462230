"""What failed lately, by cause: a hundred failures of one kind are one thing to look at."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Left

from jobs.models import JobQuerySet
from jobs.states import State

COUNTED = 5_000
"""Failures that are looked at, the newest first."""
_SHOWN = 200
# What differs from one failure of a kind to the next: ids, addresses, numbers.
_PARTICULAR = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8}(?:-?[0-9a-f]{4,12})+\b|\d+", re.IGNORECASE)


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


def _failure(
    job: str, task: str, error_type: str, error: str, reason: str, at: datetime
) -> Failure:
    return Failure(job, task, error_type, _first_line(error), _first_line(reason), at)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()


def _cause(newest_first: list[Failure]) -> Cause:
    return Cause(newest_first[0], newest_first[-1].at, len(newest_first))
