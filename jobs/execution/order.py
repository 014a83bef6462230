"""What a person orders to be done with jobs, and the events that tell of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.models import Event, Job
from jobs.states import State

MOST_REASON = 2_000
"""Characters of a reason that a door takes."""


@dataclass(frozen=True)
class Order:
    """Who wants it, and why."""

    by: Any = None
    reason: str = ""

    def event(
        self, verb: str, job: Job, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> Event:
        return Event(
            job_id=job.id,
            task_id=job.task_id,
            actor_id=getattr(self.by, "pk", None),
            verb=verb,
            before=before,
            after=after,
            reason=self.reason,
        )

    def events(self, verb: str, jobs: Iterable[Job], before: State) -> list[Event]:
        """One for each job, told by its state."""
        return [
            self.event(
                verb,
                job,
                {"state": before},
                {"state": job.state, "requested": job.requested},
            )
            for job in jobs
        ]
