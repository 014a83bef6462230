"""A schedule's turn: the row of the job it stands for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celery import current_app
from django.contrib.auth import get_user_model
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from kombu.utils import json as typed_json

from jobs import registry
from jobs.dispatch.enqueue import Wish, draft, enqueue
from jobs.execution.calls import Call
from jobs.execution.options import kept_options, moment
from jobs.models import Job, new_id
from jobs.params import Invalid
from jobs.states import State, WaitingFor

from .decide import Deed, Turn
from .given import asked, read, refuse_upload, with_moment
from .plan import Plan, zone_of

HIGHEST_PRIORITY = 9
_ROUTES = ("exchange", "routing_key")


def fire(
    entry: PeriodicTask,
    *,
    by: Any = None,
    job_id: str | None = None,
    params: Mapping[str, Any] | None = None,
    note: str = "",
) -> Job:
    """One job of this schedule, now, owned by `by`, with its parameters or with others.
    Raises what `asked` and `enqueue` raise; a task that is disabled makes a job that waits
    for it."""
    wish = _wish(entry) | {"note": note, "merges": False, "asker": by}
    wish["columns"] = {"schedule_id": entry.pk, "options": _named_after(entry)}
    given = _given(entry, timezone.now(), params)
    return enqueue(entry.task, given, by=by, job_id=job_id, **wish)


def row_of(plan: Plan, turn: Turn, now: datetime) -> Job:
    """What one moment becomes, not stored yet. What its task no longer takes becomes a
    failed one: raises Invalid and Unreadable for the caller to make it so."""
    if turn.deed in (Deed.SKIP, Deed.FAIL):
        return ended(plan, turn, now)
    job = _judged(plan, turn) if is_judged(plan.entry.task) else _plain(plan, turn)
    if turn.deed == Deed.WAIT:
        job.state, job.waiting_for = State.PENDING, WaitingFor.UPSTREAM
    job.created_at, job.tags = now, turn.tags
    return job


def ended(plan: Plan, turn: Turn, now: datetime, problem: Exception | None = None) -> Job:
    """A moment that was decided not to run: over as soon as it is there."""
    fields = problem.fields if isinstance(problem, Invalid) else None
    return Job(
        task_id=plan.entry.task,
        state=State.FAILED if turn.deed == Deed.FAIL else State.SKIPPED,
        reason=turn.reason,
        field_errors=fields and {name: list(errors) for name, errors in fields.items()},
        created_at=now,
        finished_at=now,
        tags=turn.tags,
        **_columns(plan, turn),
    )


def _judged(plan: Plan, turn: Turn) -> Job:
    entry = plan.entry
    definition = registry.get(entry.task)
    parameters = definition.parameters
    given = parameters.validate(_given(entry, turn.due_at))
    return draft(
        entry.task,
        Wish(**_wish(entry, _expiry(plan, turn))),
        params=parameters.store(given, refuse_upload),
        ignore_result=definition.ignore_result,
        options=_named_after(entry),
        **_columns(plan, turn),
    )


def _plain(plan: Plan, turn: Turn) -> Job:
    """A plain Celery task gets what is written, and the options that it always got."""
    entry = plan.entry
    args, kwargs = read(entry.args or "[]", list), read(entry.kwargs or "{}", dict)
    is_known = registry.knows(entry.task)
    if is_known:
        registry.get(entry.task).parameters.judge_call(args, kwargs)
    options = _wish(entry, _expiry(plan, turn)) | {"headers": headers_of(entry)}
    options["expires"] = options.pop("expires_at")
    options |= {name: getattr(entry, name) for name in _ROUTES if getattr(entry, name)}
    said = {name: value for name, value in options.items() if value is not None}
    call = Call(current_app, entry.task, args, kwargs, said, schedule=entry)
    return call.drafted(field_errors={} if is_known else None, **_columns(plan, turn))


def _columns(plan: Plan, turn: Turn) -> dict[str, Any]:
    owner = plan.schedule.run_as_id
    if turn.deed == Deed.FAIL and not _is_there(owner):
        owner = None
    return {
        "id": new_id(),
        "schedule_id": plan.entry.pk,
        "due_at": turn.due_at,
    } | ({} if owner is None else {"owner_id": owner})


def _is_there(user_id: Any) -> bool:
    return bool(get_user_model()._default_manager.filter(pk=user_id).exists())


def _wish(entry: PeriodicTask, expires_at: datetime | None = None) -> dict[str, Any]:
    priority = None if entry.priority is None else min(entry.priority, HIGHEST_PRIORITY)
    expires_at = expires_at or moment(entry.expires or entry.expire_seconds)
    return {"queue": entry.queue or None, "priority": priority, "expires_at": expires_at}


def _expiry(plan: Plan, turn: Turn) -> datetime | None:
    return plan.times.after(turn.due_at) if plan.schedule.expires_with_next else None


def headers_of(entry: PeriodicTask) -> dict[str, Any]:
    """Those that are kept with it, and those by which Celery's programs know a fire."""
    kept: dict[str, Any] = typed_json.loads(entry.headers or "{}")  # type: ignore[no-untyped-call]
    return {**kept, "periodic_task_name": entry.name, "celery_beat_task": True}


def _named_after(entry: PeriodicTask) -> str:
    return kept_options({"headers": {"periodic_task_name": entry.name}})


def _given(
    entry: PeriodicTask, due_at: datetime, params: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return with_moment(entry.task, asked(entry, params), due_at.astimezone(zone_of(entry)))


def is_judged(task: str) -> bool:
    """Whether what the task is given is read by its hints. A plain Celery task gets its
    arguments from a schedule as they are, as it always did."""
    try:
        definition = registry.get(task)
    except registry.UnknownTask:
        return False
    declared = getattr(current_app.tasks[task], "batuta", None) is not None
    return declared or definition.parameters.has_secrets
