"""Whether one more may start under a rate: GCRA, by the moments at which each is due."""

from datetime import datetime, timedelta

from jobs import registry
from jobs.models import Pace

from .policy import Policy

# A pass that comes late lets in what was due meanwhile, of at most this time.
MADE_UP_FOR = timedelta(seconds=1)


class Meter:
    """The rate of one key of a task, read once for each pass."""

    def __init__(self, task: str, key: str | None, policy: Policy, now: datetime) -> None:
        self.task, self.key = task, key or ""
        interval = registry.rate_of(policy.rate).interval
        self.interval = timedelta(seconds=interval)
        self.slack = self.interval * ((policy.burst or 1) - 1)
        self.next_at = Pace.of(self.task, self.key)
        if self.next_at is not None:  # later than ever under this rate: of a slower one before
            self.next_at = min(self.next_at, now + self.slack + self.interval)

    def opens_at(self) -> datetime | None:
        """From when on one more may start; None where none has started yet."""
        return None if self.next_at is None else self.next_at - self.slack

    def is_open(self, now: datetime) -> bool:
        opens_at = self.opens_at()
        return opens_at is None or opens_at <= now

    def pass_one(self, since: datetime, now: datetime) -> None:
        """Count one that has waited `since` then, as of the moment when it was due."""
        due_at = max(since, now - MADE_UP_FOR)
        if (opens_at := self.opens_at()) is not None:
            due_at = max(due_at, opens_at)
        due_at = min(due_at, now)
        self.next_at = max(due_at, self.next_at or due_at) + self.interval

    def keep(self) -> None:
        if self.next_at is not None:
            Pace.keep(self.task, self.key, self.next_at)
