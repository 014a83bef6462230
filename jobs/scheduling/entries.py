"""What people do to schedules: each verb writes its event in the same transaction."""

from typing import Any

from django.db import transaction
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from jobs.models import Event, Job

from .fire import fire


def switch(entry: PeriodicTask, on: bool, *, by: Any) -> bool:
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
        tell(entry, verb, by=by, **told)
    return True


def run_now(entry: PeriodicTask, *, by: Any) -> Job:
    """One job of the schedule out of its turn; raises what `fire` raises."""
    with transaction.atomic():
        job = fire(entry, by=by)
        tell(entry, "run", by=by, job=job)
    return job


def tell(entry: PeriodicTask, verb: str, *, by: Any, **facts: Any) -> None:
    """Write down what `by` did to a schedule."""
    Event.objects.create(
        subject=entry.name[:255], task_id=entry.task, actor=by, verb=verb, **facts
    )
