"""The moment of a schedule for which a job runs."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django_celery_beat.models import CrontabSchedule

from jobs.dispatch.loop import beside_the_loop
from jobs.models import Job


@beside_the_loop
def on_clock(job: Job) -> datetime | None:
    """The intended moment as the clock of its schedule shows it; where there is no clock of
    its own, or no schedule any more, the site's. None for what no schedule asked for."""
    if job.due_at is None:
        return None
    crontab = CrontabSchedule.objects.filter(periodictask=_schedule_of(job)).first()
    zone = timezone.get_default_timezone() if crontab is None else crontab.timezone
    return job.due_at.astimezone(zone)


def _schedule_of(job: Job) -> Any:
    """Its own, or that of the job that it runs again."""
    schedule, earlier = job.schedule_id, job.retry_of_id
    while schedule is None and earlier is not None:
        found = Job.objects.values_list("schedule", "retry_of").filter(pk=earlier).first()
        schedule, earlier = found or (None, None)
    return schedule or 0
