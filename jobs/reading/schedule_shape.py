"""The shape of a schedule for machines: what people say of it, and what became of that.

Fields may be added; those that are here keep their names and meaning."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, prefetch_related_objects
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.models import Job, Schedule
from jobs.models.shape import address, moment
from jobs.scheduling.coded import is_edited
from jobs.scheduling.misfit import misfit
from jobs.scheduling.rows import read_rows
from jobs.scheduling.timings import next_turn
from jobs.scheduling.told import FIELDS, fingerprint, told


def schedule_shapes(user: permissions.Person, keys: list[int]) -> list[dict[str, Any]]:
    """Those schedules, in that order, with the last fire as far as `user` may see jobs.
    Whatever their number, it takes as many queries."""
    found, broken = read_rows(keys)
    prefetch_related_objects(found, "run_as", "paused_by")
    last = _last_fires(user, keys)
    shapes = {row.pk: _whole(row) for row in found}
    shapes |= {row.pk: _bare(row, why) for row, why in broken}
    return [{**shapes[key], **_fired(last.get(key))} for key in keys if key in shapes]


def _whole(schedule: Schedule) -> dict[str, Any]:
    entry = schedule.entry
    # First: an edit that beat has not heeded yet may have mended the flaw, or brought one.
    next_at = next_turn(entry)
    said = told(schedule)
    return {
        "id": schedule.pk,
        **said,
        "next_fire_at": moment(next_at),
        "paused": _paused(schedule),
        "flaw": schedule.flaw,
        "misfit": misfit(entry),
        "key": schedule.key,
        "is_edited": is_edited(schedule),
        "fingerprint": fingerprint(schedule, said),
        "url": address("jobs:schedule", schedule.pk),
    }


def _bare(schedule: Schedule, flaw: str) -> dict[str, Any]:
    """One of which not all can be read."""
    return {
        "id": schedule.pk,
        **dict.fromkeys(FIELDS),
        "name": schedule.entry.name,
        "task": schedule.entry.task,
        "next_fire_at": None,
        "paused": None,
        "flaw": flaw,
        "misfit": "",
        "key": "",
        "is_edited": False,
        "fingerprint": "",
        "url": address("jobs:schedule", schedule.pk),
    }


def _paused(schedule: Schedule) -> dict[str, Any] | None:
    if not schedule.is_paused:
        return None
    by = schedule.paused_by
    return {
        "at": moment(schedule.paused_at),
        "by": by and by.get_username(),
        "note": schedule.pause_note,
    }


def _last_fires(user: permissions.Person, keys: Iterable[int]) -> dict[int, Job]:
    """The job of the last moment of each, where `user` may see it. What was backfilled is
    no fire, and not in the index of fires."""
    fires = Job.objects.filter(schedule=OuterRef("pk"), due_at__isnull=False, backfill=None)
    last = fires.order_by("-due_at").values("pk")[:1]
    rows = PeriodicTask.objects.filter(pk__in=keys).annotate(last=last)
    mine = permissions.jobs(user).filter(pk__in=[*rows.values_list("last", flat=True)])
    columns = ("schedule_id", "state", "due_at", "started_at")
    return {job.schedule_id: job for job in mine.only(*columns) if job.schedule_id}


def _fired(job: Job | None) -> dict[str, Any]:
    if job is None:
        return {"last_fire": None, "lag_seconds": None}
    fire = {"job": job.pk, "state": job.state, "due_at": moment(job.due_at)}
    return {"last_fire": fire, "lag_seconds": _lag(job.due_at, job.started_at)}


def _lag(due_at: datetime | None, started_at: datetime | None) -> float | None:
    """Seconds from the moment that was meant to the one in which somebody began."""
    if due_at is None or started_at is None:
        return None
    return (started_at - due_at).total_seconds()
