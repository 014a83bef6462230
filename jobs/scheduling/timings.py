"""Rows that say when: in words, when next, and whether they ever come due."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from jobs.models import Schedule

from .plan import ALWAYS
from .replan import plan_row
from .times import CRON_FIELDS, Impossible, cron, interval_length, times_of
from .words import words as words_of_times

_COLUMN = {
    CrontabSchedule: "crontab",
    IntervalSchedule: "interval",
    SolarSchedule: "solar",
    ClockedSchedule: "clocked",
}
# What a stored row raises that no form of ours would have let pass.
_BROKEN = (ValueError, TypeError, OverflowError, AttributeError)


def words(row: Any) -> str:
    """A crontab, an interval, … for people."""
    if row is None:
        return "-"
    try:
        said = words_of_times(times_of(PeriodicTask(**{_COLUMN[type(row)]: row}), ALWAYS))
    except _BROKEN:
        return str(row)
    if isinstance(row, CrontabSchedule):
        return f"{said} ({row.timezone})"
    if isinstance(row, ClockedSchedule):
        return f"{said}, {timezone.localtime(row.clocked_time):%Y-%m-%d %H:%M}"
    return said


def next_turn(entry: PeriodicTask) -> datetime | None:
    """When it comes next, as beat has planned it; None for never. For many entries read
    them with `select_related("policy")`."""
    schedule: Schedule | None = getattr(entry, "policy", None)
    if schedule is None:
        return None
    if schedule.stale_at is not None:
        plan_row(schedule)  # as beat will within a second; nothing is stored here
    return schedule.due_at


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
