"""What the client needs to know of Batuta's rows."""

import resource
import time
from typing import Any

from django.utils import timezone
from django_celery_results.models import TaskResult

from jobs import enqueue_many
from jobs.dispatch.publisher import publisher
from jobs.execution import control
from jobs.models import Job, Leader, LogChunk
from jobs.states import State
from project.celery import app

from . import crowd, history, limits, looks

__all__ = [
    "act", "app", "ask_many", "crowd", "empty", "enqueue_many", "finished", "let_out",
    "limits", "looks_of", "row", "seed", "write",
]  # fmt: skip

CHUNK = 100


def let_out() -> None:
    """Wait until the messages of all jobs are in the broker."""
    publisher().drain()


def ask_many(count: int) -> dict[str, float]:
    Leader.hold(Leader.RELAY, "bench", 3_600)  # so that only what there is room for is rung
    before, began = _peak(), time.perf_counter()
    enqueue_many("bench.noop", ({} for _ in range(count)))
    seconds = time.perf_counter() - began
    let_out()
    with app.connection_for_write() as connection:
        client: Any = connection.channel().client
        keys = ["celery", *client.scan_iter("celery\x06*")]
        messages = sum(client.llen(key) for key in keys)
    return {"seconds": seconds, "megabytes": _peak() - before, "messages": messages}


def _peak() -> float:
    """Megabytes that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def finished() -> int:
    """How many jobs have their whole history: the row, and the TaskResult."""
    results = TaskResult.objects.filter(status="SUCCESS").count()
    return min(results, Job.objects.filter(state=State.COMPLETED).count())


def row(job: str) -> Job:
    return Job.objects.get(pk=job)


def write(count: int) -> Job:
    now = timezone.now()
    job = Job.objects.create(
        task_id="bench.noop", state=State.COMPLETED, started_at=now, finished_at=now
    )
    line = [now.isoformat(), "info", "\x1b[32m✓\x1b[0m IMG_7921.jpg 6240×4160 → 2048×1365"]
    chunks = (
        LogChunk(job=job, attempt=1, first=first, count=CHUNK, lines=[line] * CHUNK)
        for first in range(1, count + 1, CHUNK)
    )
    LogChunk.objects.bulk_create(chunks)
    return job


def act(verb: str, job: str) -> None:
    if not getattr(control, verb)(Job.objects.filter(pk=job), control.Order()):
        raise AssertionError(f"{verb} changed nothing of {job}")


def empty() -> None:
    Job.objects.all().delete()
    TaskResult.objects.all().delete()


def seed(jobs: int) -> None:
    history.write(jobs)
    history.workers()


def looks_of(tries: int) -> list[tuple[str, str, int, list[float]]]:
    """Of each page and person: queries, and milliseconds of each try."""
    found = []
    for name, who in history.people().items():
        for page in looks.PAGES:
            if seen := looks.look(who, page, tries):
                found.append((name, page, *seen))
    return found
