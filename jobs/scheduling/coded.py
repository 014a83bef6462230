"""Schedules that code declares: `CELERY_BEAT_SCHEDULE`, `@task(every=…, cron=…)`, and
Celery's own cleaning of old results. Each has a key; what code says lies beside its row, so
that an operator's edit shows, stays, and can be taken back."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from celery.schedules import crontab, maybe_schedule, solar
from celery.schedules import schedule as interval
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)
from kombu.utils import json as typed_json

from jobs import permissions, registry
from jobs.models import Event, Schedule

from .entries import tell
from .plan import CLEANUP
from .replan import QUARANTINE
from .rows import AWAY, words_of
from .times import CRON_FIELDS
from .told import told

logger = logging.getLogger(__name__)

_KINDS: Mapping[str, tuple[type[Model], tuple[str, ...]]] = {
    "crontab": (CrontabSchedule, (*CRON_FIELDS, "timezone")),
    "interval": (IntervalSchedule, ("every", "period")),
    "solar": (SolarSchedule, ("event", "latitude", "longitude")),
}
_JSON = ("args", "kwargs", "headers")
_TEXTS = ("task", *_JSON)
_OPTIONS = ("queue", "exchange", "routing_key", "priority", "expire_seconds")


def follow_code(app: Any) -> None:
    """Make the rows say what the code says. Only what code declared once is ever removed,
    and what an operator edited stays as it is."""
    declared = dict(_declared(app))
    for key, said in declared.items():
        with _one_by_one(key):
            _follow(key, said)
    for schedule in Schedule.objects.exclude(key="").exclude(key__in=declared):
        with _one_by_one(schedule.key):
            tell(schedule.entry, "delete", by=None, reason=_("The code has it no longer."))
            schedule.entry.delete()


@contextmanager
def _one_by_one(key: str) -> Iterator[None]:
    """One that cannot be kept is told of, and harms no other. Raises `AWAY` only."""
    try:
        with transaction.atomic():
            yield
    except AWAY:
        raise
    except Exception as reason:
        logger.exception("The schedule %s of the code cannot be kept.", key)
        told = {"subject": key[:255], "verb": QUARANTINE, "reason": words_of(reason)}
        Event.objects.create(**told)


def reset(schedule: Schedule, *, by: Any, reason: str = "") -> bool:
    """Take back what operators edited of a schedule of the code; False where nothing was.
    Raises PermissionDenied where it was of a task that `by` may not schedule."""
    entry = schedule.entry
    coded = schedule.coded
    if coded is None or not _is_whole(coded) or not is_edited(schedule):
        return False
    _refuse_other_task(schedule, by)
    with transaction.atomic():
        before = told(schedule)
        _write(entry, coded)
        tell(entry, "reset", by=by, reason=reason, **_differing(before, entry))
    return True


def _refuse_other_task(schedule: Schedule, by: Any) -> None:
    task = (schedule.coded or {}).get("task")
    if by is None or by.is_superuser or task == schedule.entry.task:
        return
    if task not in permissions.eligible(by):
        raise PermissionDenied


def is_edited(schedule: Schedule) -> bool:
    """Whether it is of the code, and somebody made it another."""
    coded = schedule.coded
    if coded is None:
        return False
    # What was kept as the code's word and is none any more, is nobody's to write over.
    return not _is_whole(coded) or _meaning(described(schedule.entry)) != _meaning(coded)


def _is_whole(coded: Any) -> bool:
    """Whether what is kept as the code's word can be read: anybody may write that column."""
    if not isinstance(coded, dict) or not {*_TEXTS, *_OPTIONS} <= {*coded}:
        return False
    return all(isinstance(coded[kind], dict) for kind in {*_KINDS} & {*coded})


def _meaning(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same for what comes to the same, however it is written: a form writes JSON in
    lines, and nothing as an empty text."""
    found = {name: None if value == "" else value for name, value in said.items()}
    for name in _JSON:
        with suppress(ValueError, TypeError, RecursionError):
            found[name] = json.loads(said[name] or "null") or None
    if isinstance(every := said.get("interval"), dict):
        with suppress(LookupError, TypeError, OverflowError):
            found["interval"] = timedelta(**{every["period"]: every["every"]})
    return found


def described(entry: PeriodicTask) -> dict[str, Any]:
    """What code could say of it, as it stands in its rows now."""
    when: dict[str, Any] = {}
    for kind, (_model, names) in _KINDS.items():
        if (row := getattr(entry, kind)) is not None:
            when = {kind: {name: _plain(getattr(row, name)) for name in names}}
    texts = {name: getattr(entry, name) or "{}" for name in _TEXTS}
    return texts | {name: getattr(entry, name) for name in _OPTIONS} | when


def _follow(key: str, said: dict[str, Any]) -> None:
    name, coded = said["name"], said["coded"]
    schedule = Schedule.objects.with_entry().filter(key=key).first()
    if schedule is not None:
        if schedule.coded == coded:
            return
        if not is_edited(schedule):
            before = told(schedule)
            _write(schedule.entry, coded)
            tell(schedule.entry, "edit", by=None, **_differing(before, schedule.entry))
    else:
        # One of this name came from the code of an earlier release, by stock beat.
        entry = PeriodicTask.objects.filter(name=name).first()
        verb = "create" if entry is None else "edit"
        entry = entry or PeriodicTask(name=name, enabled=said.get("enabled", True))
        _write(entry, coded)
        schedule = Schedule.objects.with_entry().get(pk=entry.pk)
        tell(entry, verb, by=None, after=told(schedule))
    Schedule.objects.filter(pk=schedule.pk).update(key=key, coded=coded)


def _differing(before: dict[str, Any], entry: PeriodicTask) -> dict[str, dict[str, Any]]:
    """For people, who read of it later: what code says of secrets stays in the code."""
    after = told(Schedule.objects.with_entry().get(pk=entry.pk))
    names = [name for name in after if before[name] != after[name]]
    return {"before": {n: before[n] for n in names}, "after": {n: after[n] for n in names}}


def _write(entry: PeriodicTask, coded: Mapping[str, Any]) -> None:
    for kind, (model, _names) in _KINDS.items():
        columns = coded.get(kind)
        rows: Any = model._default_manager
        row = rows.filter(**columns).first() or rows.create(**columns) if columns else None
        setattr(entry, kind, row)
    entry.clocked = entry.expires = None
    for name in (*_TEXTS, *_OPTIONS):
        setattr(entry, name, coded[name])
    entry.save()
    PeriodicTasks.update_changed()


def _declared(app: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = {name: dict(entry) for name, entry in app.conf.beat_schedule.items()}
    if app.conf.result_expires and not app.backend.supports_autoexpire:
        nightly = {"task": CLEANUP, "schedule": crontab("0", "4"), "options": _HALF_A_DAY}
        entries.setdefault(CLEANUP, nightly)
    for definition in registry.all():
        if (when := definition.comes) is not None:
            entries["@" + definition.name] = {"task": definition.name, "schedule": when}
    for key, entry in entries.items():
        try:
            yield key, _said(key, entry, app)
        except (TypeError, ValueError, LookupError, AttributeError) as reason:
            logger.error("The schedule %s of the code cannot be read: %s", key, reason)


_HALF_A_DAY = {"expires": 12 * 3600}


def _said(key: str, entry: dict[str, Any], app: Any) -> dict[str, Any]:
    options = dict(entry.get("options") or {})
    expires = options.pop("expires", None)
    if isinstance(expires, timedelta):
        expires = expires.total_seconds()
    if isinstance(expires, int | float):
        options.setdefault("expire_seconds", int(expires))
    coded = {
        "task": entry["task"],
        "args": typed_json.dumps(list(entry.get("args") or [])),  # type: ignore[no-untyped-call]
        "kwargs": typed_json.dumps(entry.get("kwargs") or {}),  # type: ignore[no-untyped-call]
        "headers": typed_json.dumps(options.get("headers") or {}),  # type: ignore[no-untyped-call]
        **{name: options.get(name) for name in _OPTIONS},
        **_when(entry["schedule"], str(app.timezone)),
    }
    name = key.removeprefix("@")
    return {"name": name, "coded": coded, "enabled": entry.get("enabled", True)}


def _when(given: Any, zone: str) -> dict[str, Any]:
    schedule = maybe_schedule(given)
    if isinstance(schedule, crontab):
        fields = {name: _joined(getattr(schedule, f"_orig_{name}")) for name in CRON_FIELDS}
        return {"crontab": {**fields, "timezone": zone}}
    if isinstance(schedule, solar):
        place = {"latitude": f"{schedule.lat:.6f}", "longitude": f"{schedule.lon:.6f}"}
        return {"solar": {"event": schedule.event, **place}}
    if isinstance(schedule, interval):
        seconds = schedule.run_every.total_seconds()
        if seconds == int(seconds):
            return {"interval": {"every": int(seconds), "period": IntervalSchedule.SECONDS}}
        every = int(seconds * 1_000_000)
        return {"interval": {"every": every, "period": IntervalSchedule.MICROSECONDS}}
    raise TypeError(f"{given!r} says no time that can be kept")


def _joined(field: Any) -> str:
    """A field of a crontab, which code may give as numbers too."""
    if isinstance(field, str | int):
        return str(field)
    return ",".join(map(str, sorted(field)))


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str) else str(value)
