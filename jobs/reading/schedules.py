"""Which schedules a list shows, in what order, and how many there are of each kind."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import Http404
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.models import Event, Job
from jobs.scheduling.aftermath import MISFIRE
from jobs.states import SUCCESSFUL, State

PAGE = 40
COUNTED = 10_000
"""Schedules that are counted, and looked at for failures; of more, those that came last."""
LATELY = timedelta(days=1)
"""For how long a fire that was missed is told of."""
_MOST_TROUBLES = 1_000
_FLAWED = ~Q(policy__flaw="")
_PAUSED = Q(enabled=True, policy__paused_at__isnull=False)
_PLAIN: Mapping[str, Q] = {
    "on": Q(enabled=True, policy__paused_at=None, policy__flaw=""),
    "paused": _PAUSED,
    "off": Q(enabled=False),
    "flawed": _FLAWED,
}
STATES = ("on", "paused", "missed", "failing", "flawed", "off")
ORDERS = ("trouble", "next", "name")


@dataclass(frozen=True)
class Missed:
    """Fires of one schedule that came too late for anybody to run them."""

    schedule: int
    count: int
    is_more: bool
    since: datetime
    until: datetime

    @classmethod
    def of(cls, schedule: int, after: Mapping[str, Any]) -> "Missed":
        since, until = (datetime.fromisoformat(after[edge]) for edge in ("from", "until"))
        count = after["count"] - after["caught_up"]
        return cls(schedule, count, after["is_more"], since, until)


def missed(schedules: QuerySet[PeriodicTask]) -> list[Missed]:
    """What was missed lately, neither caught up nor fired by hand since, of those schedules;
    the newest first."""
    told = Event.objects.filter(
        verb=MISFIRE, schedule__isnull=False, at__gt=timezone.now() - LATELY
    )
    by_hand = Job.objects.filter(
        schedule=OuterRef("schedule"), due_at=None, created_at__gte=OuterRef("at")
    )
    told = told.exclude(Exists(by_hand))  # somebody has seen to it
    rows = told.order_by("-at").values_list("schedule", "after")[:_MOST_TROUBLES]
    found = [Missed.of(key, after) for key, after in rows if after]
    late = [each for each in found if each.count > 0]
    keys = {each.schedule for each in late}
    seen = set(schedules.filter(pk__in=keys).values_list("pk", flat=True)) if keys else set()
    return [each for each in late if each.schedule in seen]


def failing(schedules: QuerySet[PeriodicTask]) -> list[int]:
    """Those that are on and whose last fire failed, as far as they were looked at."""
    worked = Job.objects.filter(schedule=OuterRef("pk"), state__in=(*SUCCESSFUL, State.FAILED))
    last = Subquery(worked.order_by("-created_at").values("state")[:1])
    fired = schedules.filter(enabled=True).order_by(
        F("policy__last_due_at").desc(nulls_last=True)
    )
    some = PeriodicTask.objects.filter(pk__in=fired.values("pk")[:COUNTED])
    ended = some.annotate(last=last).filter(last=State.FAILED)
    return list(ended.values_list("pk", flat=True)[:_MOST_TROUBLES])


class Shown:
    """The schedules of one reader, and what is wrong with them."""

    def __init__(self, schedules: QuerySet[PeriodicTask]) -> None:
        self.all = schedules

    @cached_property
    def missed(self) -> list[Missed]:
        return missed(self.all)

    @cached_property
    def failing(self) -> list[int]:
        return failing(self.all)

    def of(self, state: str) -> Q:
        """Those of one kind; of all kinds for a name that is none."""
        if state == "missed":
            return Q(pk__in={each.schedule for each in self.missed})
        if state == "failing":
            return Q(pk__in=self.failing)
        return _PLAIN.get(state, Q())

    @property
    def in_trouble(self) -> Q:
        return self.of("missed") | self.of("failing") | _FLAWED

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind, and of all."""
        each = {name: Count("pk", filter=q) for name, q in _PLAIN.items()}
        told = self.all.order_by()[: COUNTED + 1].aggregate(all=Count("pk"), **each)
        late = {each.schedule for each in self.missed}
        return told | {"missed": len(late), "failing": len(self.failing)}


def said(words: str) -> Q:
    """Every word stands in the name, the task or the description."""
    found = Q()
    for word in words.split():
        named = Q(name__icontains=word) | Q(task__icontains=word)
        found &= named | Q(description__icontains=word)
    return found


# A page.


class NoSuchPlace(Http404):
    """A cursor that we did not write."""


@dataclass(frozen=True)
class _Stretch:
    """A part of a list that has one order, by fields of which the last one is unique."""

    rows: QuerySet[PeriodicTask]
    fields: tuple[str, ...]

    def after(self, place: list[Any]) -> Any:
        """The keys of its rows and their places, behind a place of ours."""
        rows = self.rows.order_by(*self.fields)
        if place:
            first, *rest = zip(self.fields, place, strict=True)
            further = Q(**{f"{first[0]}__gt": first[1]})
            for name, value in rest:
                further |= Q(**{first[0]: first[1], f"{name}__gt": value})
            rows = rows.filter(further)
        return rows.values_list("pk", *self.fields)


_BY_NEXT, _BY_NAME = ("policy__fire_at", "pk"), ("name",)
_COMES, _NEVER = Q(policy__fire_at__isnull=False), Q(policy__fire_at__isnull=True)


def _stretches(shown: Shown, rows: QuerySet[PeriodicTask], order: str) -> Iterator[_Stretch]:
    """What comes next first, then what never comes; before all of it what is in trouble."""
    if order == "name":
        yield _Stretch(rows, _BY_NAME)
        return
    parts = [shown.in_trouble, ~shown.in_trouble] if order == "trouble" else [Q()]
    for part in parts:
        yield _Stretch(rows.filter(part & _COMES), _BY_NEXT)
        yield _Stretch(rows.filter(part & _NEVER), _BY_NAME)


@dataclass(frozen=True)
class Page:
    keys: list[int]
    further: str | None
    """The cursor of the next page; None where this is the last."""
    is_first: bool = True


def page(shown: Shown, rows: QuerySet[PeriodicTask], order: str, cursor: str = "") -> Page:
    """The page behind a cursor, or the first one; raises NoSuchPlace."""
    stretches = list(_stretches(shown, rows, order))
    begin, place = _read(cursor, stretches) if cursor else (0, [])
    found: list[tuple[int, tuple[Any, ...]]] = []
    for number in range(begin, len(stretches)):
        behind = stretches[number].after(place if number == begin else [])
        found += [(number, row) for row in behind[: PAGE + 1 - len(found)]]
        if len(found) > PAGE:
            break
    kept = found[:PAGE]
    further = _written(*kept[-1]) if len(found) > PAGE else None
    return Page([row[0] for _number, row in kept], further, not cursor)


def _written(number: int, row: tuple[Any, ...]) -> str:
    text = json.dumps([number, *row[1:]], default=datetime.isoformat)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, stretches: list[_Stretch]) -> tuple[int, list[Any]]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        said, *place = json.loads(text)
        number = range(len(stretches)).index(said)
        read = _next_place if stretches[number].fields == _BY_NEXT else _name_place
        return number, read(*place)
    except _UNWRITTEN as error:
        raise NoSuchPlace from error


_UNWRITTEN = (
    binascii.Error, ValueError, TypeError, LookupError, ArithmeticError, RecursionError,
)  # fmt: skip


def _next_place(at: str, key: int) -> list[Any]:
    return [datetime.fromisoformat(at).astimezone(UTC), int(key)]


def _name_place(name: str) -> list[Any]:
    # No database looks for a NUL, or for what cannot be encoded.
    if b"\0" in str.encode(name):
        raise ValueError(name)
    return [name]
