"""Jobs that run and say nothing: flagged, so that people look. Nothing is ended by it."""

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils.translation import gettext as _

from jobs.dispatch.changes import FACTS, tell_on_commit
from jobs.models import Event, Job, JobQuerySet

BATCH = 500
# The last progress or log of the live attempt, or else its beginning.
_LAST_SIGN = Greatest(Coalesce("reported_at", "started_at"), "started_at")


def flag_stalled() -> int:
    """Flag what runs without progress or log for longer than its `stall_after`, by the
    database's clock; how many. One Event for each stall."""
    may_stall = Job.objects.active().filter(lease_expires_at__isnull=False, stalled_at=None)
    late = Now() - F("stall_after")
    silent = may_stall.alias(last_sign=_LAST_SIGN).filter(last_sign__lt=late)
    some = silent.filter(pk__in=list(silent.values_list("pk", flat=True)[:BATCH]))
    with transaction.atomic():
        flagged = _written(some, stalled_at=Now())
        Event.objects.bulk_create([_event(job) for job in flagged])
    return len(flagged)


def go_on(chosen: JobQuerySet) -> list[Job]:
    """Take the flag off: there was progress or log again."""
    return _written(chosen, stalled_at=None)


def _written(chosen: JobQuerySet, **columns: object) -> list[Job]:
    loaded = (*FACTS, "stall_after", "stack_asked_at")
    jobs = chosen.update_returning(loaded, **columns, version=F("version") + 1)
    for job in jobs:
        tell_on_commit(job)
    return jobs


def _event(job: Job) -> Event:
    seconds = job.stall_after.total_seconds() if job.stall_after else 0
    reason = _("No progress and no log line for %(seconds)g s.") % {"seconds": seconds}
    about = {"job_id": job.pk, "task_id": job.task_id, "subject": job.worker}
    return Event(verb="stall", reason=reason, after={"attempt": job.attempt}, **about)
