"""The rows that say when, found or drawn anew from what people say. A row that is there may
belong to several schedules: it is taken as it is, and never changed."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Model
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_beat.models import (
    SOLAR_SCHEDULES,
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    SolarSchedule,
)

from jobs.params import Invalid

from .times import CRON_FIELDS, Impossible, cron, interval_length
from .told import KINDS

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
_FIELDS = {
    "minute": gettext_lazy("minute"),
    "hour": gettext_lazy("hour"),
    "day_of_month": gettext_lazy("day of the month"),
    "month_of_year": gettext_lazy("month"),
    "day_of_week": gettext_lazy("day of the week"),
}
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Moments that people may name: any zone has them, and what is around them."""
_BOUNDS = {"latitude": 90, "longitude": 180}


def row_of(kind: str, value: Any, zone: str) -> Model:
    """The row that says so, stored or not yet. Raises Invalid, by field."""
    try:
        return _ROWS[kind](value, zone)
    except Impossible as reason:
        words = _FIELDS.get(reason.field)
        raise Invalid({kind: [f"{words}: {reason}" if words else str(reason)]}) from None


def stored(row: Any) -> Any:
    """The same with a key, be it that of a row that somebody stored meanwhile."""
    if row is None or row.pk is not None:
        return row
    return type(row)._default_manager.get_or_create(**_columns(row))[0]


def moment(value: Any) -> datetime:
    """A moment that was given as one, or as ISO 8601; without a zone, on the site's clock.
    Raises Impossible."""
    try:
        at = parse_datetime(value) if isinstance(value, str) else value
    except ValueError:
        at = None
    if not isinstance(at, datetime):
        raise Impossible(_("Give a date and time, like 2026-08-22T18:30Z."))
    at = at if timezone.is_aware(at) else timezone.make_aware(at)
    if not EARLIEST <= at <= LATEST:
        raise Impossible(_("Give a moment between 1970 and 9000."))
    return at.astimezone(UTC)


def is_zone(name: Any) -> bool:
    return isinstance(name, str) and name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _cron(line: Any, zone: str) -> Model:
    fields = line.split() if isinstance(line, str) else []
    if len(fields) != len(CRON_FIELDS):
        raise Impossible(_("Give five fields: minute, hour, day, month and weekday."))
    columns = dict(zip(CRON_FIELDS, fields, strict=True))
    for name, text in columns.items():
        if len(text) > (CrontabSchedule._meta.get_field(name).max_length or 0):
            raise Impossible(_("This is too long."), name)
    cron(*fields, zone=ZoneInfo(zone))
    return _found(CrontabSchedule, {**columns, "timezone": zone})


def _every(seconds: Any, zone: str) -> Model:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise Impossible(_("Enter a whole number."))
    interval_length(seconds, "seconds")
    period, length = next(unit for unit in _UNITS if seconds % unit[1] == 0)
    return _found(IntervalSchedule, {"every": seconds // length, "period": period})


def _at(value: Any, zone: str) -> Model:
    return _found(ClockedSchedule, {"clocked_time": moment(value)})


def _solar(value: Any, zone: str) -> Model:
    if not isinstance(value, Mapping) or {*value} != {"event", *_BOUNDS}:
        raise Impossible(_("Give event, latitude and longitude."))
    if value["event"] not in dict(SOLAR_SCHEDULES):
        names = ", ".join(name for name, _words in SOLAR_SCHEDULES)
        raise Impossible(_("Choose one of: %(expected)s.") % {"expected": names})
    place = {name: _degrees(name, value[name]) for name in _BOUNDS}
    return _found(SolarSchedule, {"event": value["event"], **place})


def _degrees(name: str, value: Any) -> Decimal:
    try:
        degrees = float(value)
    except (TypeError, ValueError, OverflowError):
        degrees = math.nan
    most = _BOUNDS[name]
    if not -most <= degrees <= most:  # what is no number neither
        facts = {"name": name, "most": most}
        raise Impossible(_("Give a %(name)s from -%(most)d to %(most)d.") % facts)
    return Decimal(f"{degrees:.6f}")


def _found(model: Any, columns: dict[str, Any]) -> Model:
    row: Model = model._default_manager.filter(**columns).first() or model(**columns)
    return row


def _columns(row: Model) -> dict[str, Any]:
    return {
        each.name: getattr(row, each.name)
        for each in row._meta.concrete_fields
        if not each.primary_key
    }


_ROWS: Mapping[str, Callable[[Any, str], Model]] = dict(
    zip(KINDS, (_cron, _every, _at, _solar), strict=True)
)
COLUMNS = dict(zip(KINDS, ("crontab", "interval", "clocked", "solar"), strict=True))
"""How an entry refers to the row of each kind."""
