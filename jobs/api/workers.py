"""Workers as they told of themselves; for those who may control them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router

from jobs import permissions
from jobs.models import Event
from jobs.models.shape import address, moment
from jobs.reading import workers as reading

from . import shapes_of_workers as shapes
from .answers import answer
from .auth import person
from .errors import may_answer

router = Router(tags=["workers"])


@router.get("/workers", response=may_answer(shapes.Workers), summary="List workers")
def workers(request: HttpRequest) -> HttpResponse:
    """Those that are there or went within a day, what is wrong first. `running` holds the
    jobs that you may see, `busy` counts all; nothing here asks the broker."""
    user = person(request)
    if not permissions.may_control_workers(user):
        raise Http404
    rows = reading.rows(user, reading.recent(permissions.workers(user)))
    return answer({"items": [line(row) for row in rows], "next": None, "count": len(rows)})


@router.get("/workers/{key:name}", response=may_answer(shapes.WorkerOut), summary="One worker")
def worker(request: HttpRequest, name: str) -> HttpResponse:
    """The same of one, here or gone, with what happened to it, the newest first."""
    user = person(request)
    row = reading.one(user, name)
    if row is None:
        raise Http404
    happened = [_happened(event) for event in reading.story(user, name)]
    return answer(line(row) | {"events": happened})


def _happened(event: Event) -> dict[str, Any]:
    return {
        "at": moment(event.at),
        "verb": event.verb,
        "actor": event.actor.get_username() if event.actor else None,
        "after": event.after,
        "reason": event.reason,
    }


def line(row: reading.Row) -> dict[str, Any]:
    worker = row.worker
    plain = (
        "name", "host", "pid", "pool", "slots", "queues", "is_connected", "version", "celery",
        "python", "code", "load", "processed", "failed", "failed_percent", "prefetched",
        "clock_offset_seconds",
    )  # fmt: skip
    times = ("started_at", "heard_at", "leaving_at", "left_at", "deaf_at")
    told = {name: getattr(worker, name) for name in plain}
    told |= {name: moment(getattr(worker, name)) for name in times}
    return told | {
        "state": row.state,
        "busy": row.busy,
        "others": worker.others,
        "memory_mb": worker.memory,
        "missing_tasks": list(row.lag.missing) if row.lag else [],
        "changed_tasks": list(row.lag.changed) if row.lag else [],
        "running": [
            {
                "id": job.pk,
                "task": job.task_id,
                "started_at": moment(job.started_at),
                "url": address("jobs:job", job.pk),
            }
            for job in row.jobs
        ],
        "url": address("jobs:worker", worker.name),
    }
