"""Which columns the list has beside state, task, progress and age: each person's choice,
kept in a cookie of theirs."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from jobs.reading.filters import Filters

from .page import page

COOKIE = "jobs_columns"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Column:
    """`classes` say how wide it is, and on which screens there is no room for it."""

    name: str
    label: Any
    classes: str
    is_usual: bool = False


COLUMNS = (
    Column("params", _("Parameters, beside the task"), "", is_usual=True),
    Column("owner", _("Asked by"), "w6 opt2", is_usual=True),
    Column("queue", _("Queue"), "w5 opt", is_usual=True),
    Column("worker", _("Worker"), "w6 opt", is_usual=True),
    Column("duration", _("Duration"), "w6 opt2 num"),
    Column("attempt", _("Attempt"), "w5 opt num"),
    Column("priority", _("Priority"), "w4 opt num"),
    Column("schedule", _("Schedule"), "w7 opt"),
    Column("tags", _("Tags"), "w6 opt", is_usual=True),
)


@dataclass(frozen=True)
class Columns:
    names: frozenset[str]

    @classmethod
    def of(cls, request: HttpRequest) -> "Columns":
        """What this person chose, or the usual ones."""
        kept = request.COOKIES.get(COOKIE)
        if kept is None:
            return cls(frozenset(each.name for each in COLUMNS if each.is_usual))
        return cls(frozenset(kept.split(".")))

    @cached_property
    def chosen(self) -> list[Column]:
        """The columns that are shown, in their order."""
        return [each for each in COLUMNS if each.name in self.names and each.classes]

    @property
    def has_params(self) -> bool:
        return "params" in self.names

    @property
    def choices(self) -> list[tuple[Column, bool]]:
        return [(each, each.name in self.names) for each in COLUMNS]


@page("POST")
def columns(request: HttpRequest) -> HttpResponse:
    """Keep the choice, and go back to the list."""
    response = redirect(reverse("jobs:jobs") + Filters.of(request.POST).address)
    if request.method == "POST":
        asked = request.POST.getlist("column")
        names = ".".join(each.name for each in COLUMNS if each.name in asked)
        place, is_secure = reverse("jobs:jobs"), request.is_secure()
        response.set_cookie(
            COOKIE, names, _YEAR, path=place, secure=is_secure, httponly=True, samesite="Lax"
        )
    return response
