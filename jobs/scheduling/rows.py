"""Reading schedules with their entries, so that one that cannot be read harms no other."""

from collections.abc import Collection
from typing import TypeAlias

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError

from jobs.models import Schedule
from jobs.params import Invalid

Broken: TypeAlias = list[tuple[Schedule, str]]
"""Schedules of which only the cursor and the entry's name were read, and why."""

AWAY = (OperationalError, InterfaceError)
"""What says that the database cannot be asked just now, and nothing about any row."""

# What fields raise for a stored value that none of them would have let pass: a zone that
# vanished, a number that is none.
UNREADABLE = (
    ValidationError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError,
)  # fmt: skip


def read_rows(keys: Collection[int], *, shares: bool = False) -> tuple[list[Schedule], Broken]:
    """The schedules with all that they refer to, and those that cannot be read. With
    `shares` what several refer to is one object: for who reads very many."""
    chosen = Schedule.objects.filter(pk__in=keys)
    try:
        return chosen.with_shared() if shares else list(chosen.with_entry()), []
    except UNREADABLE:
        pass
    rows = Schedule.objects.with_entry()
    found: list[Schedule] = []
    broken: Broken = []
    for key in keys:
        try:
            found += rows.filter(pk=key)
        except UNREADABLE as reason:
            broken.append((bare(key), words_of(reason)))
    return found, broken


def read_row(key: int) -> Schedule:
    """One of them. Raises Invalid, which says why it cannot be read."""
    rows, broken = read_rows([key])
    if broken:
        raise Invalid({"": [why for _schedule, why in broken]})
    if not rows:
        raise Schedule.DoesNotExist
    return rows[0]


def words_of(reason: Exception) -> str:
    """What a person is told of it."""
    if isinstance(reason, ValidationError):
        return "; ".join(reason.messages)
    return str(reason) or type(reason).__name__


def bare(key: int) -> Schedule:
    """Its cursor, and what it is called."""
    named = ("entry__name", "entry__task")
    rows = Schedule.objects.select_related("entry").only(
        "key", "revision", *Schedule.CURSOR, *named
    )
    return rows.get(pk=key)
