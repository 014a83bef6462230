"""A schedule as people say it: one dictionary of plain values, the same for pages, API,
events and files."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.models import Schedule
from jobs.params import Parameters

from .given import veiled, veiled_args
from .plan import zone_of
from .rows import UNREADABLE
from .times import CRON_FIELDS

KINDS = ("cron", "every_seconds", "at", "solar")
"""The ways to say when; a schedule has exactly one of them."""
ENTRY = {
    "name": "name", "task": "task", "enabled": "enabled", "priority": "priority",
    "start_at": "start_time", "expires_seconds": "expire_seconds", "note": "description",
}  # fmt: skip
POLICY = {
    **{name: name for name in (
        "overlap", "catch_up", "catch_up_window_seconds", "grace_seconds", "jitter_seconds",
        "blackout", "remaining", "expires_with_next", "pause_after_failures",
    )},
    "end_at": "ends_at",
}  # fmt: skip
FIELDS = (
    "name", "task", "params", "args", *KINDS, "timezone", "enabled", "overlap", "catch_up",
    "catch_up_window_seconds", "grace_seconds", "jitter_seconds", "blackout", "run_as",
    "queue", "priority", "start_at", "end_at", "remaining", "expires_seconds",
    "expires_with_next", "pause_after_failures", "note",
)  # fmt: skip


def told(schedule: Schedule) -> dict[str, Any]:
    """All of `FIELDS` as JSON, secrets masked; None for what is not set. Parameters that
    nobody can read are None too. For many of them read `with_entry` and their `run_as`."""
    entry = schedule.entry
    when, zone = _when(entry)
    found = {
        **{name: _plain(getattr(entry, column)) for name, column in ENTRY.items()},
        **{name: _plain(getattr(schedule, column)) for name, column in POLICY.items()},
        **dict.fromkeys(KINDS),
        **when,
        "params": _params(entry),
        "args": _args(entry),
        "timezone": zone,
        "queue": entry.queue or "",
        "run_as": _run_as(schedule),
    }
    return {name: found[name] for name in FIELDS}


def fingerprint(schedule: Schedule, said: Mapping[str, Any] | None = None) -> str:
    """The same for the same schedule; who edits it carries it to notice that another person
    saved. What beat counts down by itself is not in it. `said` is what it is `told` as, for
    who has asked already."""
    whole = told(schedule) if said is None else said
    said = {name: value for name, value in whole.items() if name != "remaining"}
    stored = [said, schedule.entry.args, schedule.entry.kwargs]
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()[:32]


def parameters(task: str) -> Parameters | None:
    """What a task takes; None when it is not known to this process."""
    return registry.get(task).parameters if registry.knows(task) else None


def solar_of(row: Any) -> dict[str, Any]:
    place = {name: float(getattr(row, name)) for name in ("latitude", "longitude")}
    return {"event": row.event, **place}


def _when(entry: PeriodicTask) -> tuple[Mapping[str, Any], str]:
    """And on whose clock; nothing of a row that cannot be read, as of a zone that vanished."""
    try:
        return _times(entry), str(zone_of(entry))
    except UNREADABLE:
        return {}, ""


def _times(entry: PeriodicTask) -> Mapping[str, Any]:
    if entry.clocked is not None:
        return {"at": _plain(entry.clocked.clocked_time)}
    if entry.interval is not None:
        return {"every_seconds": _seconds(entry.interval)}
    if entry.solar is not None:
        return {"solar": solar_of(entry.solar)}
    if entry.crontab is not None:
        fields = (getattr(entry.crontab, name) for name in CRON_FIELDS)
        return {"cron": " ".join(each.replace(" ", "") for each in fields)}
    return {}


def _seconds(row: Any) -> float | None:
    try:
        seconds = timedelta(**{row.period: row.every}).total_seconds()
    except (OverflowError, TypeError):
        return None
    return int(seconds) if seconds.is_integer() else seconds


def _params(entry: PeriodicTask) -> dict[str, Any] | None:
    kwargs = _read(entry.kwargs or "{}", dict)
    return None if kwargs is None else veiled(parameters(entry.task), kwargs)


def _args(entry: PeriodicTask) -> list[Any] | None:
    args = _read(entry.args or "[]", list)
    return None if args is None else veiled_args(parameters(entry.task), args)


def _read(text: str, kind: type) -> Any:
    """As it is written, Celery's typed values too, so that it can come back the same."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, kind) else None


def _run_as(schedule: Schedule) -> str | None:
    if schedule.run_as_id is None:
        return None
    try:
        person = schedule.run_as
    except ObjectDoesNotExist:
        person = None
    return f"#{schedule.run_as_id}" if person is None else person.get_username()


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
