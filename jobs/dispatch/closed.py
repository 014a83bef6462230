"""Which queues let nothing in, or nothing out, as this process knows it for a second."""

import time
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from jobs.models import Flow, Job, Queue
from jobs.signals import thing_changed

# Somebody's word is heeded everywhere within this time; a claim asks the rows themselves.
FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Closed:
    is_frozen: bool = False
    paused: frozenset[str] = frozenset()
    draining: frozenset[str] = frozenset()

    def holds(self, queue: str) -> bool:
        """Whether nothing of the queue starts."""
        return self.is_frozen or queue in self.paused

    def keeps_out(self, job: Job) -> bool:
        """Whether a job that is ready may not step into line. What has begun before is
        nothing new to a queue that is drained."""
        return self.holds(job.queue) or (job.queue in self.draining and not job.attempt)

    @property
    def kept_out(self) -> Q | None:
        """The same of rows; None where it is so of none."""
        if self.is_frozen:
            return Q(pk__isnull=False)
        if not (self.paused or self.draining):
            return None
        return Q(queue__in=self.paused) | Q(queue__in=self.draining, attempt=0)


_closed = Closed()
_read_at = 0.0


def read() -> Closed:
    """As the rows say it now."""
    global _closed, _read_at
    rows = list(Queue.objects.closed().values_list("name", "flow"))
    names = {flow: {name for name, its in rows if its == flow} for flow in Flow}
    _closed = Closed(
        is_frozen=Queue.ALL in names[Flow.PAUSED],
        paused=frozenset(names[Flow.PAUSED] - {Queue.ALL}),
        draining=frozenset(names[Flow.DRAINING]),
    )
    _read_at = time.monotonic()
    return _closed


def closed() -> Closed:
    """As they said it within the last second."""
    return read() if time.monotonic() - _read_at > FRESH_SECONDS else _closed


def forget(**kwargs: Any) -> None:
    """Ask the rows at the next question."""
    global _read_at
    _read_at = 0.0


thing_changed.connect(forget, dispatch_uid="jobs.dispatch.closed")
