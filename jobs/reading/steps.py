"""The steps of a job's last attempt, one after the other, from its row."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone

from jobs.models import Job
from jobs.states import ACTIVE, State


@dataclass(frozen=True)
class Step:
    name: str
    began_at: datetime
    ended_at: datetime | None
    state: str
    """That of the job for its last step: there it goes on, waits, or came to its end."""
    is_now: bool

    @property
    def seconds(self) -> float | None:
        """What it took; None where the job stopped in it and waits."""
        ended = timezone.now() if self.is_now else self.ended_at
        # It began by the clock of its worker, the job ended by that of the database.
        return max((ended - self.began_at).total_seconds(), 0) if ended else None


def steps(job: Job) -> list[Step]:
    """In their order; none for a job that told of fewer than two."""
    told = job.progress.get("steps") or [] if isinstance(job.progress, dict) else []
    if len(told) < 2:
        return []
    begun = [datetime.fromtimestamp(at, UTC) for at, _name in told]
    ends = [*begun[1:], job.finished_at]
    states = [State.COMPLETED] * (len(told) - 1) + [job.state]
    return [
        Step(name, began, ended, state, is_now=ended is None and job.state in ACTIVE)
        for (_at, name), began, ended, state in zip(told, begun, ends, states, strict=True)
    ]
