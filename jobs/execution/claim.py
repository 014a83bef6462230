"""Take a job: one UPDATE that at most one worker wins."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Concat, Now

from jobs import registry
from jobs.conf import configuration
from jobs.dispatch.changes import FACTS, tell_on_commit
from jobs.dispatch.entrance import line_up, place_of
from jobs.dispatch.keys import columns_of
from jobs.dispatch.message import HEADER
from jobs.dispatch.policy import policy_of
from jobs.dispatch.publisher import soon
from jobs.dispatch.typed import closed
from jobs.dispatch.wake import wake_on_commit
from jobs.models import Job, JobQuerySet, OneJob, is_id, is_paused, lease_end
from jobs.params import Invalid
from jobs.states import State

from .options import adopted_columns

# What an attempt needs of its row, beside the facts that listeners hear.
COLUMNS = (
    *FACTS,
    "params",
    "arguments",
    "field_errors",
    "options",
    "queue",
    "priority",
    "retries",
    "falls_back",
    "root_id",
    "parent_id",
    "group_id",
    "checkpoint",
    "log_lines",
    "errors_count",
    "ignore_result",
    "due_at",
    "schedule",
    "expires_at",
    "soft_time_limit",
    "time_limit",
)


# Made once, so that they are the same in each claim (see `OneJob`).
NEXT_ATTEMPT, NOW = F("attempt") + 1, Now()


def claim(job_id: str, task: str, request: dict[str, Any]) -> Job | None:
    """The job, running under the request's lease; None when it is not to be had: taken,
    over, paused, held, expired, of another task, limited otherwise than the message says
    (then it was not we who rang), in a paused queue, or moved to one that this worker does
    not serve."""
    hard, soft = request.get("timelimit") or (None, None)
    claimable = _claimable_from(request["queues"], policy_of(task).is_limited)
    chosen = OneJob(claimable, id=job_id, task=task, time_limit=hard, soft_time_limit=soft)
    taken = chosen.move_returning(
        _first_state(task),
        COLUMNS,
        attempt=NEXT_ATTEMPT,
        lease=request["lease"],
        lease_expires_at=lease_end(),
        worker=request.get("hostname") or "",
        started_at=NOW,
    )
    for job in taken:
        tell_on_commit(job)
    return taken[0] if taken else None


@lru_cache
def _claimable_from(queues: tuple[str, ...], is_limited: bool) -> Callable[..., JobQuerySet]:
    """The choice of one job; the same for the same queues (see `OneJob`). Of a limited task
    it must have been let in: one asked for before there was a limit was not."""

    def choose(task: Any, **columns: Any) -> JobQuerySet:
        # Not by an index of tasks: PostgreSQL, while it has no statistics, takes that to be
        # as good as the key, and reads all jobs of the task for each claim.
        jobs = Job.objects.alias(its_task=Concat("task", Value(""))).filter(its_task=task)
        queued = jobs.filter(~is_paused(), state=State.QUEUED, queue__in=queues)
        if is_limited:
            queued = queued.filter(admitted_at__isnull=False)
        return queued.filter(**columns).unexpired()

    return choose


def is_foreign(request: dict[str, Any]) -> bool:
    """Whether the message comes from a program without our code."""
    return HEADER not in request


def is_ignored(job_id: str) -> bool:
    """Whether a foreign message is none of our business: the site leaves those to plain
    Celery. With a known id it is about a job all the same."""
    if configuration().foreign_messages != "ignore":
        return False
    return not Job.objects.filter(pk=job_id).exists()


def adopt(job_id: str, task: str, args: Any, kwargs: Any, request: dict[str, Any]) -> bool:
    """Make a row for a foreign message, as JOBS_FOREIGN_MESSAGES says; whether there
    may be one to claim now. A second delivery finds the row of the first."""
    word = configuration().foreign_messages
    if word == "refuse" or not is_id(job_id):
        return False
    if word == "ignore":  # it bears the id of a job, which runs what its row says
        return True
    params = _named(task, args, kwargs)
    job = Job(
        id=job_id,
        task_id=task,
        arguments=closed(task, args, kwargs),
        params=params,
        **_keys(task, params),
        queued_at=Now(),
        stall_after=policy_of(task).silence,
        ring_at=soon(),  # should we die before it is taken
        **adopted_columns(request),
    )
    job.state, job.waiting_for = place_of(job)
    line_up(job)
    Job.objects.bulk_create([job], ignore_conflicts=True)
    wake_on_commit(job)
    return True


def _keys(task: str, params: dict[str, Any]) -> dict[str, str | None]:
    """None, where they cannot be told: nobody is there to hear of it."""
    try:
        return columns_of(task, params, None)
    except Invalid:
        return {}


def _first_state(task: str) -> State:
    try:
        validates = registry.get(task).validate is not None
    except registry.UnknownTask:
        validates = False
    return State.VALIDATING if validates else State.RUNNING


def _named(task: str, args: Any, kwargs: Any) -> dict[str, Any]:
    try:
        return registry.get(task).parameters.bind(args, kwargs)
    except registry.UnknownTask:
        return {}
