"""How far a backfill is, and what it would run, for pages and programs."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeAlias

from django.db.models import Count

from jobs.models import Backfill, Job
from jobs.models.shape import address, moment
from jobs.scheduling.past import Look
from jobs.states import FINAL, State, WaitingFor

MOST_TOLD = 1_000
"""Moments that a program is told of one by one."""
_AS_THEY_ARE = ("id", "which", "first", "concurrency", "count", "reason", "cancel_reason")
_TIMES = ("since", "until", "asked_at", "cancelled_at", "finished_at")
_PEOPLE = ("asked_by", "cancelled_by")


Counted: TypeAlias = Counter[tuple[str, bool]]
"""Jobs by their state, and by whether their turn has not come."""


class Progress:
    """The jobs of one backfill, counted in one query."""

    def __init__(self, row: Backfill, counted: Counted | None = None) -> None:
        self.row = row
        if counted is not None:
            self._counted = counted

    @property
    def state(self) -> str:
        """running, cancelling, cancelled or ended."""
        if self.row.cancelled_at is not None:
            return "cancelling" if self.is_live else "cancelled"
        return "running" if self.is_live else "ended"

    @property
    def is_live(self) -> bool:
        return self.row.finished_at is None

    @cached_property
    def _counted(self) -> Counted:
        return _counts([self.row])[self.row.pk]

    @cached_property
    def states(self) -> dict[str, int]:
        """How many jobs are in each state that occurs, in the order of states."""
        count: Counter[str] = Counter()
        for (state, _waits), n in self._counted.items():
            count[state] += n
        return {state.value: count[state] for state in State if count[state]}

    @property
    def ended(self) -> int:
        return sum(n for state, n in self.states.items() if state in FINAL)

    @property
    def waiting(self) -> int:
        """Those whose turn has not come."""
        return sum(n for (_state, waits), n in self._counted.items() if waits)

    @property
    def going(self) -> int:
        """Those that were let go and have not ended."""
        return sum(self.states.values()) - self.ended - self.waiting

    @property
    def whole(self) -> int:
        """How many of a hundred have ended."""
        return 100 * self.ended // max(self.row.count, 1)


def backfill_shapes(rows: Sequence[Backfill]) -> list[dict[str, Any]]:
    """Several, whose jobs are counted together."""
    counts = _counts(rows)
    return [_shape(row, Progress(row, counts[row.pk])) for row in rows]


def backfill_shape(row: Backfill) -> dict[str, Any]:
    """A backfill for programs. Reads its people and its jobs."""
    return _shape(row, Progress(row))


def _counts(rows: Sequence[Backfill]) -> dict[str, Counted]:
    kinds = Job.objects.filter(backfill__in=[row.pk for row in rows]).order_by()
    found: dict[str, Counted] = defaultdict(Counter)
    told = kinds.values_list("backfill", "state", "waiting_for").annotate(n=Count("pk"))
    for key, state, waiting_for, n in told:
        found[key][state, waiting_for == WaitingFor.UPSTREAM] += n
    return found


def _shape(row: Backfill, progress: Progress) -> dict[str, Any]:
    return (
        {name: getattr(row, name) for name in _AS_THEY_ARE}
        | {name: moment(getattr(row, name)) for name in _TIMES}
        | {name: _name(getattr(row, name)) for name in _PEOPLE}
        | {
            "schedule": row.schedule_id,
            "state": progress.state,
            "ended": progress.ended,
            "states": progress.states,
            "url": address("jobs:backfilled", row.schedule_id, row.pk),
        }
    )


def preview_shape(look: Look) -> dict[str, Any]:
    """What would run and what not, for programs."""
    return {
        "count": len(look.wanted),
        "left_out": [{"reason": why, "count": count} for why, count in look.left_out],
        "moments": [
            {"due_at": moment(each.due_at), "runs": each.is_wanted, "reason": each.why}
            for each in look.moments[:MOST_TOLD]
        ],
    }


def _name(person: Any) -> str | None:
    return person.get_username() if person else None
