"""Ask for a job: one INSERT in the caller's transaction, and a ring on commit."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from jobs import registry
from jobs.models import Artifact, Job, new_id
from jobs.states import State

from . import unique, window
from .caller import caller_id, lineage
from .changes import tell_of_new_on_commit, tell_on_commit
from .entrance import RUNG_AT_ONCE, line_up, place_of
from .files import keep_upload, save_files
from .keys import columns_of
from .loop import beside_the_loop
from .once import hashed, once
from .policy import policy_of, routed_queue
from .publisher import ring_on_commit, soon

DEFAULT_PRIORITY = 5
# Made once, so that it is the same in each INSERT.
NOW = Now()


@dataclass
class Wish:
    """How a job is to be run; everything but the task and what it is given."""

    queue: str | None = None
    priority: int | None = None
    not_before: datetime | None = None
    countdown: float | None = None
    expires_at: datetime | None = None
    hold: bool = False
    tags: Iterable[str] = ()
    note: str = ""
    retry_of: Job | None = None
    # Of all with this key there is one at a time, whatever its parameters are.
    unique_key: str | None = None
    # The person at a door, who gets no job instead of this one that is not theirs.
    asker: Any = None
    # Another job may be the answer; else NotUnique is.
    merges: bool = True
    # Whatever its task says, it is told apart from none.
    is_alone: bool = False
    soft_time_limit: float | None = None
    time_limit: float | None = None
    # Columns that callers in code fill by themselves (`arguments`, `options`, …).
    columns: dict[str, Any] = field(default_factory=dict)
    # By what it is told apart from others; `draft` fills it in.
    rule: registry.Unique | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.countdown is not None:
            self.not_before = timezone.now() + timedelta(seconds=self.countdown)


@beside_the_loop
def enqueue(
    task: Any,
    params: Mapping[str, Any] | None = None,
    *,
    by: Any = None,
    job_id: str | None = None,
    idempotency_key: str | None = None,
    **wish: Any,
) -> Job:
    """Ask for one job of `task` (a name or the decorated function) and return its row.

    `by` is the owner; without it the person of the request, or the owner of the running
    job. `job_id` is for a caller who may ask twice: the second time is an IntegrityError.
    With an `idempotency_key` the same wish, asked for again, finds its job, and another
    one raises `once.OtherWish`. The other keywords are the fields of `Wish`. Where the task
    is told `unique`, the row may be that of another job, which is like it. Raises
    `params.Invalid` with the errors of each field, `registry.UnknownTask`, and
    `unique.NotUnique`, an Invalid too.
    """
    definition = registry.get(getattr(task, "name", task))
    owner_id = caller_id() if by is None else by.pk
    ask: Callable[[], Job] = partial(
        _asked, definition, params or {}, job_id or new_id(), owner_id, Wish(**wish)
    )
    if not idempotency_key:
        return ask()
    given = {name: hashed(value) for name, value in (params or {}).items()}
    return once(owner_id, idempotency_key, [definition.name, given, wish], ask)[0]


def _asked(
    definition: registry.Definition,
    params: Mapping[str, Any],
    job_id: str,
    owner_id: Any,
    wish: Wish,
) -> Job:
    given = definition.parameters.validate(params)
    files: list[Artifact] = []
    stored = definition.parameters.store(
        given, lambda upload: keep_upload(upload, job_id, files)
    )
    with transaction.atomic():
        job = insert(
            definition.name,
            wish,
            id=job_id,
            params=stored,
            owner_id=owner_id,
            ignore_result=definition.ignore_result,
            **lineage(),
        )
        if files and job.params == stored:  # else it is another job, which stays as it was
            for file in files:
                file.job_id = job.pk
            save_files(files)
    return job


def insert(task: str, wish: Wish, **columns: Any) -> Job:
    """The one INSERT by which jobs come to be, one at a time; or the job that is like it
    already. Raises what `unique.like` does."""
    return alone(draft(task, wish, **columns), wish)


def alone(job: Job, wish: Wish) -> Job:
    """The row of a draft, stored now; or the job that is like it already."""
    if wish.rule is None:
        return _inserted(job)
    rule = wish.rule if wish.merges else replace(wish.rule, on_conflict="refuse")
    with transaction.atomic():
        return unique.like(job, rule, wish.unique_key, wish.asker) or _inserted(job)


def _inserted(job: Job) -> Job:
    rings = _takes_its_turn(job)
    job.insert()
    if rings:
        ring_on_commit(job)
    tell_on_commit(job)
    return job


def insert_many(jobs: list[Job]) -> None:
    """Many at once. A job that has its row already, by whomever, gets no second one."""
    rings = [job for job in jobs[:RUNG_AT_ONCE] if _takes_its_turn(job)]
    for job in jobs[RUNG_AT_ONCE:]:
        _leave_to_the_relay(job)
    Job.insert_many(jobs)
    for job in rings:
        ring_on_commit(job)
    tell_of_new_on_commit(jobs)


def draft(task: str, wish: Wish, **columns: Any) -> Job:
    """The row of a job, not stored yet."""
    policy = policy_of(task)
    if not wish.is_alone:
        again = wish.retry_of is not None
        wish.rule = unique.rule_of(task, wish.unique_key, again=again)
    wish.not_before = unique.delayed(wish.rule, wish.not_before)
    priority = policy.priority if wish.priority is None else wish.priority
    columns |= columns_of(task, columns.get("params") or {}, columns.get("owner_id"))
    job = Job(
        task_id=task,
        queue=wish.queue or policy.queue or routed_queue(task),
        priority=DEFAULT_PRIORITY if priority is None else priority,
        soft_time_limit=wish.soft_time_limit or policy.soft_time_limit,
        time_limit=wish.time_limit or policy.time_limit,
        stall_after=policy.silence,
        max_retries=policy.max_retries,
        on_lost=policy.on_lost,
        not_before=wish.not_before,
        expires_at=wish.expires_at or policy.expires_at,
        tags=list(wish.tags),
        note=wish.note,
        retry_of=wish.retry_of,
        **wish.columns,
        **columns,
    )
    job.state, job.waiting_for = place_of(job, hold=wish.hold)
    return job


def _takes_its_turn(job: Job) -> bool:
    """Whether we ring for it at once: should that be lost, the relay does."""
    _leave_to_the_relay(job)
    rings = job.state == State.QUEUED and window.admits(job.queue)
    if rings:
        job.ring_at = soon()
    return rings


def _leave_to_the_relay(job: Job) -> None:
    if job.state == State.QUEUED:
        job.queued_at, job.ring_at = timezone.now(), NOW
    line_up(job)
