"""What people write on a job, at any time: its tags and its note."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from jobs.dispatch.changes import FACTS, tell_on_commit
from jobs.models import Event, Job, JobQuerySet

from .order import Order


def annotate(
    chosen: JobQuerySet,
    order: Order,
    *,
    tags: Sequence[str] | None = None,
    note: str | None = None,
) -> int:
    """Change the tags, the note or both of the chosen jobs, in whatever state they are; how
    many now are different."""
    given = {"tags": None if tags is None else list(tags), "note": note}
    changes = {name: value for name, value in given.items() if value is not None}
    with transaction.atomic():
        rows = chosen.select_for_update(of=("self",)).only("id", "task", *given)
        events = [event for job in rows if (event := _event(job, changes, order))]
        mine = Job.objects.filter(pk__in=[event.job_id for event in events])
        for job in mine.update_returning(FACTS, **changes, version=F("version") + 1):
            tell_on_commit(job)
        Event.objects.bulk_create(events)
    return len(events)


def _event(job: Job, changes: dict[str, Any], order: Order) -> Event | None:
    before = {name: getattr(job, name) for name in changes}
    new = {name: value for name, value in changes.items() if value != before[name]}
    return order.event("edit", job, {name: before[name] for name in new}, new) if new else None
