"""The hour or the day of a fire, on somebody's clock, for the database to group by."""

from typing import Any

from django.db import connections
from django.db.models import Case, F, Func, TextField, Value, When
from django.db.models.functions import Trunc

from .days import Days


def cell_of(using: str, days: Days) -> Any:
    """Something that is the same for all fires of one cell, and greater for a later one.

    To SQLite a change of zones is a call of Python for each row; the few offsets that a
    clock has within these days are sums that it does by itself.
    """
    is_by_day = days.view == "month"
    if connections[using].vendor != "sqlite":
        return Trunc("due_at", "day" if is_by_day else "hour", tzinfo=days.zone)
    shape = "%Y-%m-%d" if is_by_day else "%Y-%m-%d %H"
    offsets = [
        When(due_at__lt=change.at, then=_written(shape, change.before))
        for change in days.changes
    ]
    last = days.end.astimezone(days.zone).utcoffset()
    return Case(*offsets, default=_written(shape, last))


def _written(shape: str, offset: Any) -> Func:
    shift = Value(f"{int(offset.total_seconds()):+d} seconds")
    return Func(Value(shape), F("due_at"), shift, function="strftime", output_field=TextField())
