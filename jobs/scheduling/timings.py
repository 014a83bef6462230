"""Rows that say when: in words, when next, and whether they ever come due."""

import calendar
from datetime import datetime, timedelta
from typing import Any

from celery.schedules import ParseException, crontab, crontab_parser
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=36_525)
_LEAP_YEAR = 2000
_CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")

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
    try:
        days = crontab_parser(31, 1).parse(row.day_of_month)
        months = crontab_parser(12, 1).parse(row.month_of_year)
        if min(days) > max(calendar.monthrange(_LEAP_YEAR, month)[1] for month in months):
            raise ValidationError({"day_of_month": _("This day never comes in these months.")})
        crontab(**{name: getattr(row, name) for name in _CRON_FIELDS})
    except (ParseException, ValueError) as reason:
        raise ValidationError(str(reason)) from None


def refuse_impossible_interval(row: IntervalSchedule) -> None:
    """Raises ValidationError for an interval under a second or beyond a century."""
    try:
        length = timedelta(**{row.period: row.every})
    except OverflowError:
        length = timedelta.max
    if length < SHORTEST:
        raise ValidationError({"every": _("Give a second or more.")})
    if length > LONGEST:
        raise ValidationError({"every": _("Give less than a century.")})
