"""Rows that say when: in words, when next, and whether they ever come due."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from celery.schedules import ParseException
from django.core.exceptions import ValidationError
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from .times import CRON_FIELDS, Impossible, cron, interval_length

# What Celery raises for a stored row that no form of ours would have let pass.
_BROKEN = (ParseException, ValueError, TypeError, OverflowError, RuntimeError)


def words(row: Any) -> str:
    """A crontab, an interval, … for people."""
    if row is None:
        return "-"
    try:
        return str(getattr(row, "human_readable", row))
    except _BROKEN:
        return str(row)


def next_turn(entry: PeriodicTask) -> datetime | None:
    """When it comes next, as far as its row can say; None for never."""
    if not entry.enabled or entry.scheduler is None:
        return None
    now = timezone.now()
    if entry.start_time and entry.start_time > now:
        return entry.start_time  # type: ignore[no-any-return]
    try:
        schedule = entry.schedule
        zone = getattr(schedule, "tz", None) or timezone.get_default_timezone()
        last = (entry.last_run_at or entry.date_changed or now).astimezone(zone)
        return max(now + schedule.remaining_estimate(last), now)  # type: ignore[no-any-return]
    except _BROKEN:
        return None


def refuse_impossible_crontab(row: CrontabSchedule) -> None:
    """Raises ValidationError for what Celery cannot read and for a day that never comes."""
    with _by_field():
        cron(*(getattr(row, name) for name in CRON_FIELDS), zone=row.timezone)


def refuse_impossible_interval(row: IntervalSchedule) -> None:
    """Raises ValidationError for an interval under a second or beyond a century."""
    with _by_field():
        interval_length(row.every, row.period)


@contextmanager
def _by_field() -> Iterator[None]:
    try:
        yield
    except Impossible as reason:
        told = str(reason)
        raise ValidationError({reason.field: told} if reason.field else told) from None
