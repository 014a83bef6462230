"""All of one job as text."""

import json
from typing import Any

from jobs import permissions
from jobs.models import Job
from jobs.models.shape import job_shape

from .words import standing

_TIMES = (
    "created_at", "queued_at", "not_before", "started_at", "finished_at", "expires_at",
    "stalled_at",
)  # fmt: skip
_AS_THEY_ARE = (
    "task", "owner", "queue", "priority", "worker", "attempt", "tags", "note", "errors_count",
    *_TIMES,
)  # fmt: skip
_AS_JSON = ("progress", "params", "result")


def sheet(user: permissions.Person, job: Job) -> str:
    """What is known of it, empty things left out; its traceback for who may read it."""
    shape = job_shape(job)
    rows: list[tuple[str, Any]] = [("job", job.pk), ("state", standing(job))]
    rows += [("reason", job.reason)]
    rows += [(name, shape[name]) for name in _AS_THEY_ARE]
    rows += [(name, _json(shape[name])) for name in _AS_JSON]
    rows += [("file", f"{each['name']} ({each['size']} bytes)") for each in shape["artifacts"]]
    if shape["error"]:
        rows += [("error", f"{shape['error']['type']}: {shape['error']['message']}")]
    text = "\n".join(f"{name:<12} {_one(value)}" for name, value in rows if value)
    may_read = job.traceback and permissions.may_read_traces(user, job)
    return f"{text}\n\n{job.traceback.rstrip()}" if may_read else text


def _one(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).replace("\n", "\n" + " " * 13)


def _json(value: Any) -> str:
    return "" if value in (None, {}) else json.dumps(value, ensure_ascii=False)
