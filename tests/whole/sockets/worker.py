"""What a worker would do to a job and say of it, done by the test itself."""

from typing import Any

from django.contrib.auth.models import User

from jobs.models import Job, LogChunk, Task
from jobs.signals import job_changed, job_reported
from jobs.states import State


def a_job(owner: User | None = None, **columns: Any) -> Job:
    Task.objects.get_or_create(name="tests.add", defaults={"title": "Add"})
    job = Job.objects.create(owner=owner, **({"task_id": "tests.add"} | columns))
    return Job.objects.get(pk=job.pk)


def move(job: Job, state: State = State.QUEUED, **columns: Any) -> None:
    """Change the row and tell of it, as a verb does."""
    assert Job.objects.filter(pk=job.pk).move(state, **columns)
    job.refresh_from_db()
    sight = {"task": job.task_id, "owner": job.owner_id}
    job_changed.send(sender=Job, job_id=job.id, facts=job.facts(), **sight)


def progress(job: Job, n: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "progress", "task_id": job.id, "seq": job.version, "attempt": 1, "n": n,
        "status": "running", "progress": n / 10, "message": f"step {n}", "current": n,
        "total": 1000, "step": None, "rate": None, "eta_seconds": None, **more,
    }  # fmt: skip


def lines(job: Job, first: int, count: int, attempt: int = 1) -> dict[str, Any]:
    numbers = range(first, first + count)
    return {
        "type": "log", "task_id": job.id, "attempt": attempt, "first": first,
        "lines": [[n, "2026-01-01T00:00:00.000+00:00", "info", f"line {n}"] for n in numbers],
    }  # fmt: skip


def report(job: Job, *frames: dict[str, Any]) -> None:
    job_reported.send(sender=None, job_id=job.id, frames=list(frames))


def store(job: Job, frame: dict[str, Any]) -> None:
    """Write the lines of a `log` frame as rows."""
    stored = [line[1:] for line in frame["lines"]]
    LogChunk.objects.create(
        job=job, attempt=frame["attempt"], first=frame["first"], count=len(stored), lines=stored
    )
    last = frame["first"] + len(stored) - 1
    Job.objects.filter(pk=job.pk).update(log_lines=last)
