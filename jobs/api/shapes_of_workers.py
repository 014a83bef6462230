"""What the API answers about workers, for its schema."""

from typing import Any, Literal

from pydantic import BaseModel

from .shapes import Id, Time


class Held(BaseModel):
    id: Id
    task: str
    started_at: Time | None
    url: str


class WorkerLine(BaseModel):
    """A worker as it last told of itself. `memory_mb` is that of its own process, then of
    each child."""

    name: str
    state: Literal["alive", "old", "leaving", "cut", "deaf", "lost", "ended"]
    host: str
    pid: int | None
    pool: str
    slots: int
    busy: int
    others: int
    queues: list[str]
    is_connected: bool
    version: str
    celery: str
    python: str
    code: str
    missing_tasks: list[str]
    changed_tasks: list[str]
    running: list[Held]
    prefetched: int
    load: float | None
    memory_mb: list[int]
    processed: int
    failed: int
    failed_percent: float | None
    clock_offset_seconds: float | None
    started_at: Time
    heard_at: Time
    leaving_at: Time | None
    left_at: Time | None
    deaf_at: Time | None
    url: str


class Workers(BaseModel):
    items: list[WorkerLine]
    next: str | None
    count: int


class Happened(BaseModel):
    at: Time
    verb: str
    actor: str | None
    after: Any
    reason: str


class WorkerOut(WorkerLine):
    events: list[Happened]
