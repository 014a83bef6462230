"""What people do to schedules: each verb writes its event in the same transaction."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from jobs import registry
from jobs.models import Event, Job, Schedule
from jobs.signals import thing_changed

from .fire import fire
from .given import named, read, veiled


def switch(entry: PeriodicTask, on: bool, *, by: Any, reason: str = "") -> bool:
    """Enable or disable a schedule; False when it was so already."""
    changes: dict[str, Any] = {"enabled": on}
    if not on:
        # What beat does when it is enabled again counts from then on, as in stock beat.
        changes["last_run_at"] = None
    with transaction.atomic():
        if not PeriodicTask.objects.filter(pk=entry.pk, enabled=not on).update(**changes):
            return False
        PeriodicTasks.update_changed()
        verb = "enable" if on else "disable"
        told = {"before": {"enabled": not on}, "after": {"enabled": on}}
        tell(entry, verb, by=by, reason=reason, **told)
    return True


def run_now(
    entry: PeriodicTask,
    *,
    by: Any,
    reason: str = "",
    job_id: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> Job:
    """One job of the schedule out of its turn, with its own parameters or with `params` in
    their place; raises what `fire` raises."""
    with transaction.atomic():
        job = fire(entry, by=by, job_id=job_id, params=params, note=reason)
        after = None if params is None else {"params": _differing(entry, job, params)}
        tell(entry, "run", by=by, job=job, reason=reason, after=after)
    return job


def _differing(entry: PeriodicTask, job: Job, params: Mapping[str, Any]) -> dict[str, Any]:
    """What the job was given that the schedule does not give, as people may see it."""
    known = registry.get(entry.task).parameters
    args, kwargs = read(entry.args or "[]", list), read(entry.kwargs or "{}", dict)
    own, given = (
        veiled(known, named(known, args, kwargs)),
        registry.shown(job.task_id, job.params),
    )
    return {name: given[name] for name in params if given[name] != own.get(name)}


def pause(entry: PeriodicTask, *, by: Any, note: str = "") -> bool:
    """Have it not come due until somebody resumes it; False when it was paused already.
    Nothing of the meantime is caught up then."""
    running = Schedule.objects.filter(pk=entry.pk, paused_at=None)
    with transaction.atomic():
        if not running.update(paused_at=Now(), paused_by=by, pause_note=note):
            return False
        tell(entry, "pause", by=by, reason=note)
    return True


def resume(entry: PeriodicTask, *, by: Any, reason: str = "") -> bool:
    """Let it come due again, from its next moment on; False when it was not paused."""
    paused = Schedule.objects.filter(pk=entry.pk, paused_at__isnull=False)
    cleared = {"paused_at": None, "paused_by": None, "pause_note": "", "resumed_at": Now()}
    with transaction.atomic():
        if not paused.update(**cleared):
            return False
        tell(entry, "resume", by=by, reason=reason)
    return True


def tell(entry: PeriodicTask, verb: str, *, by: Any, **facts: Any) -> None:
    """Write down what `by` did to a schedule, and let those who watch it know."""
    event(entry, verb, actor=by, **facts).save(force_insert=True)
    about = {"topic": "schedules", "pk": entry.pk, "task": entry.task}
    transaction.on_commit(partial(thing_changed.send_robust, sender=None, **about))


def event(entry: PeriodicTask, verb: str, **facts: Any) -> Event:
    """What is to be written down; without an `actor` it was beat itself."""
    about = {"subject": entry.name[:255], "schedule_id": entry.pk, "task_id": entry.task}
    return Event(verb=verb, **about, **facts)
