"""The shape of a job for machines: what the API answers and a socket's `snapshot` holds.

Fields may be added; those that are here keep their names and meaning. Times are ISO 8601
in UTC. Secrets are shown as dots.
"""

from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse

from jobs import registry

from .artifact import Artifact
from .history import Attempt
from .job import Job

MOST_ARTIFACTS = 200
"""How many files are listed with a job; `artifacts_count` is exact."""

_PROGRESS = ("percent", "current", "total", "message", "step", "rate", "eta_seconds")
_TIMES = (
    "due_at", "not_before", "expires_at", "created_at", "queued_at", "started_at",
    "finished_at", "stalled_at",
)  # fmt: skip
_AS_THEY_ARE = (
    "id", "state", "requested", "waiting_for", "reason", "attempt", "max_attempts",
    "errors_count", "queue", "priority", "tags", "note", "worker", "log_lines",
)  # fmt: skip


def job_shape(job: Job) -> dict[str, Any]:
    """The whole job, JSON-ready. Reads its owner and its files from the database."""
    files = list(job.artifacts.defer("thumbnail")[: MOST_ARTIFACTS + 1])
    count = len(files) if len(files) <= MOST_ARTIFACTS else job.artifacts.count()
    return job_line(job) | {
        "result": job.result,
        "artifacts": [artifact_shape(file) for file in files[:MOST_ARTIFACTS]],
        "artifacts_count": count,
    }


def job_line(job: Job) -> dict[str, Any]:
    """The job as one of many: all of it but its result and its files. Reads its owner."""
    return (
        {name: getattr(job, name) for name in _AS_THEY_ARE}
        | {name: moment(getattr(job, name)) for name in _TIMES}
        | {
            "task": job.task_id,
            "seq": job.version,
            "params": registry.shown(job.task_id, job.params),
            "field_errors": job.field_errors or None,
            "progress": progress_shape(job),
            "owner_id": _key(job.owner_id),
            "owner": job.owner.get_username() if job.owner else None,
            "schedule": job.schedule_id,
            "backfill": job.backfill_id,
            "error": error_shape(job),
            "url": address("jobs:job", job.id),
        }
    )


def progress_shape(job: Job) -> dict[str, Any] | None:
    """How far the job is as its row knows it; None when it never said."""
    if not job.progress:
        return None
    return {name: job.progress.get(name) for name in _PROGRESS}


def error_shape(row: Job | Attempt) -> dict[str, str] | None:
    """What a job, or one attempt, failed with; without its traceback."""
    if not row.error and not row.error_type:
        return None
    return {"type": row.error_type, "message": row.error}


def artifact_shape(file: Artifact) -> dict[str, Any]:
    """One file of a job, without its bytes."""
    return {
        "id": str(file.id),
        "kind": file.kind,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "created_at": moment(file.created_at),
        "url": address("jobs:artifact", file.job_id, file.id),
    }


def _key(value: Any) -> int | str | None:
    """A primary key of whatever kind the site's users have."""
    return value if value is None or isinstance(value, int) else str(value)


def moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def address(name: str, *args: object) -> str | None:
    """Where a person finds it; None on a site that does not include our pages."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None
