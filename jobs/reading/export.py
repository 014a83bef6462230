"""All jobs that match, as a table for spreadsheets or as lines of JSON for programs."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias, get_args

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from jobs import permissions
from jobs.live.messages import encode
from jobs.models import Job
from jobs.models.shape import job_line

from . import cells, listing
from .filters import Filters
from .stream import download

Kind: TypeAlias = Literal["csv", "jsonl"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MEDIA: dict[Kind, str] = {"csv": "text/csv", "jsonl": "application/x-ndjson"}

COLUMNS = (
    "id", "task", "state", "owner", "schedule", "queue", "priority", "worker", "attempt",
    "created_at", "not_before", "queued_at", "started_at", "finished_at", "seconds", "percent",
    "errors_count", "reason", "error_type", "error", "tags", "note", "params",
)  # fmt: skip


def response(
    request: HttpRequest, kind: Kind, filters: Filters, user: permissions.Person
) -> StreamingHttpResponse:
    """What matches as a file, written while it is sent: however many they are, memory stays
    as it is."""
    name = f"jobs-{timezone.localdate()}.{kind}"
    lines = _LINES[kind](listing.every(filters, user))
    return download(request, lines, name, f"{MEDIA[kind]}; charset=utf-8")


def _table(jobs: Iterator[Job]) -> Iterator[bytes]:
    yield cells.BEGIN + cells.line(COLUMNS)
    for job in jobs:
        row = _row(job)
        yield cells.line([_text(row[name]) for name in COLUMNS])


def _json_lines(jobs: Iterator[Job]) -> Iterator[bytes]:
    for job in jobs:
        yield f"{encode(job_line(job))}\n".encode()


def _row(job: Job) -> dict[str, Any]:
    line = job_line(job)
    return line | {
        "schedule": job.schedule.name if job.schedule else None,
        "seconds": _seconds(job),
        "percent": (line["progress"] or {}).get("percent"),
        "error_type": job.error_type,
        "error": job.error,
        "tags": " ".join(str(tag) for tag in job.tags),
        "params": json.dumps(line["params"], ensure_ascii=False),
    }


def _seconds(job: Job) -> float | None:
    if job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()


def _text(value: Any) -> str:
    return "" if value is None else str(value)


_LINES: dict[Kind, Callable[[Iterator[Job]], Iterator[bytes]]] = {
    "csv": _table,
    "jsonl": _json_lines,
}
