"""What the API answers, for its schema. The values themselves come from `models.shape` and
the like; fields may be added there."""

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, Field, WithJsonSchema

from jobs.states import State

Time: TypeAlias = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Id: TypeAlias = Annotated[str, Field(description="Ours are UUIDs; callers bring their own.")]


class Progress(BaseModel):
    percent: Any
    current: Any
    total: Any
    message: Any
    step: Any
    rate: Any
    eta_seconds: Any


class Error(BaseModel):
    type: str
    message: str


class ArtifactOut(BaseModel):
    id: str
    kind: str
    name: str
    content_type: str
    size: int
    created_at: Time
    url: str | None


class JobLine(BaseModel):
    """A job as a list holds it: without its result and its files. `params` is null when it
    is long."""

    id: Id
    task: str
    seq: int
    state: State
    requested: str
    waiting_for: str
    reason: str
    params: Any
    progress: Progress | None
    attempt: int
    max_attempts: int | None
    errors_count: int
    log_lines: int
    owner: str | None
    owner_id: int | str | None
    schedule: int | None
    backfill: str | None
    queue: str
    priority: int
    tags: list[Any]
    note: str
    worker: str
    error: Error | None
    field_errors: Any
    stalled_at: Time | None
    due_at: Time | None
    not_before: Time | None
    expires_at: Time | None
    created_at: Time
    queued_at: Time | None
    started_at: Time | None
    finished_at: Time | None
    url: str | None


class JobOut(JobLine):
    """The whole job."""

    result: Any
    artifacts: list[ArtifactOut]
    artifacts_count: int


class Jobs(BaseModel):
    items: list[JobLine]
    next: str | None
    count: int | None


class Line(BaseModel):
    line: int
    time: str
    level: str
    text: str


class Lines(BaseModel):
    """`next` is the `after` of the next question; null when nothing can follow any more."""

    items: list[Line]
    next: int | None
    count: int


class EventOut(BaseModel):
    id: int
    verb: str
    by: str | None
    at: Time
    reason: str
    before: Any
    after: Any


class Events(BaseModel):
    items: list[EventOut]
    next: int | None
    count: int


class AttemptOut(BaseModel):
    """One try that ended badly; its traceback is for the owner and who manages the task."""

    number: int
    worker: str
    started_at: Time | None
    finished_at: Time
    reason: str
    error: Error | None
    traceback: str | None


class Attempts(BaseModel):
    items: list[AttemptOut]
    next: int | None
    count: int


class Artifacts(BaseModel):
    items: list[ArtifactOut]
    next: int | None
    count: int


class StackOut(BaseModel):
    """Where a function was: for the owner and who manages the task."""

    asked_at: Time | None
    attempt: int | None
    taken_at: Time | None
    text: str | None


class Result(BaseModel):
    state: State
    result: Any
    error: Error | None
    traceback: str | None


class Asked(BaseModel):
    """A job that was asked for; `task_id` is its `id`."""

    id: Id
    task_id: Id
    state: State
    url: str | None
    ws_topic: str


class Why(BaseModel):
    why: str
    count: int


class Done(BaseModel):
    """How many of `count` jobs the verb changed, why others do not fit, and how many were
    left for want of time."""

    count: int
    done: int
    refused: list[Why]
    left: int


class AskedMany(BaseModel):
    items: list[Asked]


class Stats(BaseModel):
    """Of the last thirty runs that you may see; seconds of those that went through."""

    runs: int
    failed: int
    with_errors: int
    completed_percent: float | None
    usual_seconds: float | None
    longest_seconds: float | None


class TaskLine(BaseModel):
    name: str
    title: str
    description: str
    tags: list[str]
    enabled: bool
    is_runnable: bool
    may_run: bool
    queue: str
    stats: Stats
    url: str | None


class Tasks(BaseModel):
    items: list[TaskLine]
    next: str | None
    count: int


class RetriesOut(BaseModel):
    """After which exceptions it is tried again by itself, and how long is waited (seconds)."""

    after: list[str]
    never_after: list[str]
    wait: float
    doubles: bool
    cap: float
    at_random: bool


class PolicyOut(BaseModel):
    """What holds for jobs that were given no wish of their own."""

    queue: str
    priority: int
    soft_time_limit: float | None
    time_limit: float | None
    stall_after: float | None
    max_retries: int | None
    max_running: int | None
    max_running_per_key: int | None
    concurrency_key: str
    on_conflict: str
    rate: str
    burst: int | None
    rate_key: str
    fair_by: str
    unique: str
    retries: RetriesOut
    fallback: str
    on_lost: str
    tags: list[str]
    source: str


class TaskOut(TaskLine):
    """`parameters` is their JSON Schema; it and `policy` are null for a task
    that only other processes know. `seen` stands for what operators set, as it is now."""

    seen: str
    policy: PolicyOut | None
    parameters: Any


class Ticket(BaseModel):
    ticket: str
    expires_in: int
