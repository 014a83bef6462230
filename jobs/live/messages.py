"""The shape of every message that goes to a socket; docs/live.md describes them.

Each has `type`; one about a job has `task_id` and `seq`, the version of the job's row.
"""

import json
import math
import uuid
from typing import Any, TypeAlias

from jobs.models import Job
from jobs.models.shape import job_shape

Message: TypeAlias = dict[str, Any]
Code: TypeAlias = int | str

KINDS = (
    "snapshot", "progress", "state", "log",
    "jobs", "workers", "queues", "schedules",
    "resync", "error", "pong",
)  # fmt: skip
"""All types of messages from server to client."""

FROM_A_JOB = frozenset({"progress", "state", "log"})
"""The types that travel through Redis."""

_LISTED = ("id", "status", "seq")
_PROGRESS = ("message", "current", "total", "step", "rate", "eta_seconds")


def snapshot(job: Job) -> Message:
    """The whole job; what changes afterwards follows as messages of its own."""
    known = job.progress or {}
    return {
        "type": "snapshot",
        "task_id": job.id,
        "seq": job.version,
        "status": job.state,
        "attempt": job.attempt,
        "n": step_number(job),
        "progress": known.get("percent"),
        "message": known.get("message"),
        "log_lines": job.log_lines,
        "job": job_shape(job),
    }


def state(facts: Message) -> Message:
    """The job moved; `facts` are those of `Job.facts()`."""
    return {"type": "state", **facts}


def progress(job: Job) -> Message:
    """How far the job is as its row knows it, in the words of a live report."""
    known = job.progress or {}
    return {
        "type": "progress",
        "task_id": job.id,
        "seq": job.version,
        "attempt": job.attempt,
        "n": step_number(job),
        "status": job.state,
        "progress": known.get("percent"),
        **{name: known.get(name) for name in _PROGRESS},
    }


def step_number(job: Job) -> int:
    """The number of the progress in the row among those of the job's attempt; 0 when an
    earlier attempt left it there."""
    known = job.progress or {}
    return int(known.get("n") or 0) if known.get("attempt") == job.attempt else 0


def log(job_id: str, attempt: int, first: int, lines: list[list[Any]]) -> Message:
    """Consecutive lines, each `[number, time, level, text]`; `first` is the first number.
    The subscription adds its `seq`."""
    return {
        "type": "log",
        "task_id": job_id,
        "attempt": attempt,
        "first": first,
        "lines": lines,
    }


def change(topic: str, keys: list[str], pk: Any, facts: Message | None = None) -> Message:
    """Between processes: something of `topic` changed, for the holders of any of `keys`."""
    told: Message = {"type": "change", "topic": topic, "keys": keys, "id": str(pk)}
    return told if facts is None else told | {"status": facts["status"], "seq": facts["seq"]}


def many(topic: str, keys: list[str], count: int) -> Message:
    """Between processes: so many of `topic` came that only their number is told. By the id
    it is known to who hears it by several keys."""
    return change(topic, keys, uuid.uuid4().hex) | {"count": count}


def look(keys: list[str]) -> Message:
    """Between processes: look again what the holders of these keys may do."""
    return {"type": "look", "keys": keys}


def feed(topic: str, changed: list[Message], others: int) -> Message:
    """Of a topic these changed, and as many others that are not listed."""
    listed = [{key: one[key] for key in _LISTED if key in one} for one in changed]
    return {"type": topic, topic: listed, "many": others}


def resync() -> Message:
    """Messages may have been missed: subscribe again with what you know."""
    return {"type": "resync"}


def error(code: Code, detail: str, topic: str | None = None) -> Message:
    """Something asked for was refused, or stopped working; the socket lives."""
    return {"type": "error", "code": code, "detail": detail, "topic": topic}


def pong() -> Message:
    """The answer to `ping`."""
    return {"type": "pong"}


def encode(message: Any) -> str:
    """JSON as browsers read it: NaN and Infinity, which it lacks, become null; ASCII, so
    that a lone surrogate travels as an escape."""
    try:
        return json.dumps(message, allow_nan=False, separators=(",", ":"), default=str)
    except ValueError:
        finite = _finite(message)
        return json.dumps(finite, allow_nan=False, separators=(",", ":"), default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
