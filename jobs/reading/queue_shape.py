"""The shape of a queue for machines."""

from typing import Any

from jobs.models import Queue
from jobs.models.shape import address, moment

from .queues import Standing


def queue_shape(standing: Standing) -> dict[str, Any]:
    """JSON-ready; waits in seconds, paces in jobs per minute."""
    queue = standing.queue
    return {
        "name": queue.name,
        "state": standing.state,
        "waiting": standing.waiting,
        "halted": standing.halted,
        "is_more": standing.is_more,
        "depth": queue.depth,
        "depth_at": moment(queue.depth_at),
        "oldest_at": moment(standing.oldest_at),
        "wait_p50_seconds": standing.p50,
        "wait_p95_seconds": standing.p95,
        "in_per_minute": round(standing.ins, 2),
        "out_per_minute": round(standing.outs, 2),
        "workers": [worker.name for worker in standing.taking],
        "slots": standing.slots,
        "closed": closing_shape(queue) if not queue.is_open else None,
        "url": address("jobs:queue", queue.name),
    }


def closing_shape(queue: Queue) -> dict[str, Any]:
    """Who closed it, when and why."""
    by = queue.changed_by
    return {
        "by": by.get_username() if by else None,
        "at": moment(queue.changed_at),
        "reason": queue.reason,
    }
