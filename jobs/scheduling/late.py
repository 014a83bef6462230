"""Fires that nobody has begun within the grace of their schedule: no worker takes from
their queue, or too few. It is told at once, and once."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils.translation import gettext as _

from jobs.models import Event, Job
from jobs.states import WAITING, State

from .facts import WAITS

LATE = "late"
BATCH = 500


def tell_of_late() -> int:
    """How many there were. Those that wait for the fires before them are not meant, nor
    are those that somebody stopped."""
    told = Event.objects.filter(job=OuterRef("pk"), verb=LATE)
    waiting = Job.objects.live().filter(state__in=WAITING - {State.PAUSED}, started_at=None)
    fires = waiting.filter(schedule__isnull=False, due_at__lt=Now()).exclude(WAITS)
    found = fires.filter(~Exists(told)).annotate(now=Now())
    grace = "schedule__policy__grace_seconds"
    # One that is caught up comes when it is made; one that waited for others, when they ended.
    since = Greatest("due_at", Coalesce("queued_at", "created_at"))
    rows = found.annotate(since=since).order_by("due_at")
    some = rows.values_list("pk", "task", "since", grace, "now")[:BATCH]
    events = [
        Event(job_id=job, task_id=task, verb=LATE, reason=_("It has not begun in time."))
        for job, task, since, seconds, now in some
        if now - since > timedelta(seconds=seconds)
    ]
    with transaction.atomic():
        Event.objects.bulk_create(events)
    return len(events)
