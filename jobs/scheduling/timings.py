"""Rows that say when: whether they ever come due."""

import calendar
from datetime import timedelta

from celery.schedules import ParseException, crontab, crontab_parser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django_celery_beat.models import CrontabSchedule, IntervalSchedule

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=36_525)
_LEAP_YEAR = 2000
_CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")


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
