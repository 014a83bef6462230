"""The moment of a schedule for which a job runs."""

from datetime import datetime

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
    crontab = CrontabSchedule.objects.filter(periodictask=job.schedule_id).first()
    zone = timezone.get_default_timezone() if crontab is None else crontab.timezone
    return job.due_at.astimezone(zone)
