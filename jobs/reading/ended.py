"""How many jobs ended well and badly, hour by hour of the last day."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone

from jobs.models import JobQuerySet
from jobs.states import State

HOURS = 24
COUNTED = 5_000
"""Jobs that are looked at, the newest first."""
KINDS = (State.COMPLETED, State.COMPLETED_WITH_ERRORS, State.FAILED)


@dataclass(frozen=True)
class Hour:
    at: datetime
    """When it began."""
    counts: tuple[int, int, int]
    """In the order of `KINDS`."""

    @property
    def count(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Ended:
    hours: list[Hour]
    """The oldest first, the last one is going on."""
    is_more: bool
    """Whether only the newest jobs were looked at."""

    @property
    def busiest(self) -> Hour:
        return max(self.hours, key=lambda hour: hour.count)

    @property
    def totals(self) -> list[int]:
        return [sum(kind) for kind in zip(*(hour.counts for hour in self.hours), strict=True)]


def ended(jobs: JobQuerySet) -> Ended:
    """Of the newest `COUNTED` of `jobs`, so that no history makes this slow."""
    now = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    moments = [now - timedelta(hours=ago) for ago in reversed(range(HOURS))]
    some = jobs.filter(finished_at__gte=moments[0])
    if reach := _reach(jobs):
        some = some.filter(created_at__gte=reach)
    rows = some.order_by().values_list(TruncHour("finished_at", tzinfo=UTC), "state")
    counts = {(at, state): n for at, state, n in rows.annotate(n=Count("pk"))}
    hours = [Hour(at, _counts(counts, at)) for at in moments]
    return Ended(hours, is_more=reach is not None and reach > moments[0])


def _reach(jobs: JobQuerySet) -> datetime | None:
    """When the last of those that are looked at was asked for, if there are more."""
    asked = jobs.order_by("-created_at", "-id").values_list("created_at", flat=True)
    found = [*asked[COUNTED - 1 : COUNTED + 1]]
    return found[0] if len(found) > 1 else None


def _counts(counts: dict[tuple[datetime, str], int], at: datetime) -> tuple[int, int, int]:
    completed, with_errors, failed = (counts.get((at, kind), 0) for kind in KINDS)
    return completed, with_errors, failed
