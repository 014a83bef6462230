"""How many more of a task may come in, as long as one holds its gate."""

from datetime import datetime

from django.db.models import Sum

from jobs.models import MOST_AT_ONCE, Job, Line, Worker
from jobs.states import State

from .policy import policy_of
from .rate import Meter

# Of a task that only takes turns so many wait in the broker at least: no worker is to starve.
LEAST_AHEAD = 10


class Room:
    """Counted from the rows once for each pass, then by what it lets in itself."""

    def __init__(self, task: str, now: datetime) -> None:
        self.task, self.now = task, now
        self.policy = policy_of(task)
        self.opens_at: datetime | None = None
        self._by_key: dict[str, int] = {}
        self._meters: dict[str | None, Meter] = {}
        self.left = self._counted() if self.policy.enabled else 0

    @property
    def is_full(self) -> bool:
        return self.left <= 0 or self.opens_at is not None

    def _counted(self) -> int:
        most = self.policy.max_running
        held = Job.objects.admitted(self.task).order_by()
        if most is not None:
            return most - held.values("pk")[:most].count()
        if self.policy.is_fair:
            ahead = held.filter(state=State.QUEUED).values("pk")[:MOST_AT_ONCE].count()
            return max(LEAST_AHEAD, 2 * _slots()) - ahead
        return MOST_AT_ONCE

    def of_key(self, key: str | None) -> int:
        """How many more with this concurrency key."""
        most = self.policy.max_running_per_key
        if most is None or key is None:
            return self.left
        if key not in self._by_key:
            held = Job.objects.admitted(self.task).filter(concurrency_key=key).order_by()
            self._by_key[key] = most - held.values("pk")[:most].count()
        return min(self._by_key[key], self.left)

    def in_time(self, line: Line, waiting: list[Job]) -> list[Job]:
        """Those of them that the rate lets in now, counted. Closes what it holds back."""
        if not self.policy.rate:
            return waiting
        meter = self._meters.get(line.rate_key)
        if meter is None:
            meter = Meter(self.task, line.rate_key, self.policy, self.now)
            self._meters[line.rate_key] = meter
        passed = []
        for job in waiting:
            if not meter.is_open(self.now):
                self._close(line, meter)
                break
            meter.pass_one(job.lined_at or self.now, self.now)
            passed.append(job)
        meter.keep()
        return passed

    def _close(self, line: Line, meter: Meter) -> None:
        if self.policy.has_rate_key:
            alike = Line.objects.filter(task=self.task, rate_key=line.rate_key)
            alike.filter(priority__isnull=False).update(opens_at=meter.opens_at())
        else:
            self.opens_at = meter.opens_at()

    def take(self, line: Line, count: int) -> None:
        self.left -= count
        if line.concurrency_key in self._by_key:
            self._by_key[line.concurrency_key] -= count


def _slots() -> int:
    return Worker.objects.heard().aggregate(n=Sum("slots"))["n"] or 0
