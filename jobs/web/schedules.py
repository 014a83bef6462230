"""The pages of schedules: the list, and one of them with all that it did and will do."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from jobs import permissions
from jobs.execution.asked import ticket
from jobs.reading import schedules as reading
from jobs.reading.fires import rows

from .page import page, person, show
from .schedule_deeds import DEEDS, Deed

_LONGEST_NUMBER = 18
_WORDS = {
    "": pgettext_lazy("schedules", "All"),
    "on": lazy("On"),
    "paused": lazy("Paused"),
    "missed": lazy("Missed"),
    "failing": lazy("Failing"),
    "flawed": lazy("Set aside"),
    "off": lazy("Off"),
}
_ORDERS = {"trouble": lazy("Trouble first"), "next": lazy("By next"), "name": lazy("By name")}
_BAD = {"missed", "failing", "flawed"}
_NAMED = 3


@dataclass(frozen=True)
class Kind:
    """A part of the list that can be asked for, and how many are in it."""

    name: str
    words: Any
    count: int
    is_more: bool
    is_chosen: bool
    address: str

    @property
    def is_bad(self) -> bool:
        return self.name in _BAD and self.count > 0


@dataclass(frozen=True)
class Search:
    """What the address of the list asks for."""

    words: str = ""
    state: str = ""
    order: str = "trouble"

    @classmethod
    def of(cls, query: QueryDict) -> "Search":
        words = query.get("q", "").replace("\x00", "").strip()[:200]
        state, order = query.get("state", ""), query.get("order", "")
        is_order = order in reading.ORDERS
        return cls(
            words, state if state in reading.STATES else "", order if is_order else "trouble"
        )

    @property
    def is_narrow(self) -> bool:
        return bool(self.words or self.state)

    @property
    def address(self) -> str:
        query = QueryDict(mutable=True)
        order = "" if self.order == "trouble" else self.order
        given = {"q": self.words, "state": self.state, "order": order}
        query.update({key: value for key, value in given.items() if value})
        return "?" + query.urlencode()

    @property
    def orders(self) -> list[tuple[Any, str, bool]]:
        """The orders: word, address, whether it is this one."""
        return [
            (words, replace(self, order=order).address, order == self.order)
            for order, words in _ORDERS.items()
        ]

    def kinds(self, counts: dict[str, int]) -> list[Kind]:
        """All of them; those off, only where there are any."""
        return [
            Kind(
                name,
                words,
                min(count, reading.COUNTED),
                count > reading.COUNTED,
                name == self.state,
                replace(self, state=name).address,
            )
            for name, words in _WORDS.items()
            if (count := counts[name or "all"]) or name != "off"
        ]


class Listed:
    """All that the list tells; each part is read when a template asks for it."""

    def __init__(self, user: permissions.Person, query: QueryDict) -> None:
        self.user = user
        self.search = Search.of(query)
        self._cursor = query.get("after", "")
        self.shown = reading.Shown(permissions.schedules(user))

    @cached_property
    def page(self) -> reading.Page:
        chosen = self.shown.all.filter(
            reading.said(self.search.words) & self.shown.of(self.search.state)
        )
        return reading.page(self.shown, chosen, self.search.order, self._cursor)

    @cached_property
    def rows(self) -> list[Any]:
        return rows(self.user, self.page.keys)

    @cached_property
    def kinds(self) -> list[Kind]:
        return self.search.kinds(self.shown.counts)

    @cached_property
    def may_manage(self) -> bool:
        """Whether there is a verb for any of them."""
        return any(row.may_manage for row in self.rows)

    @property
    def deeds(self) -> list[Deed]:
        return [DEEDS[verb] for verb in ("pause", "resume", "enable", "disable")]

    @property
    def may_make(self) -> bool:
        return permissions.may_schedule(self.user)

    @cached_property
    def missed(self) -> "Gap | None":
        return Gap(self.shown) if self.shown.missed else None


class Gap:
    """What was missed lately, for the notice above the list."""

    def __init__(self, shown: reading.Shown) -> None:
        found = shown.missed
        self.count = sum(each.count for each in found)
        self.is_more = any(each.is_more for each in found)
        self.since = min(each.since for each in found)
        self.until = max(each.until for each in found)
        keys = list(dict.fromkeys(each.schedule for each in found))
        names = shown.all.filter(pk__in=keys[:_NAMED]).values_list("name", flat=True)
        self.names, self.others = sorted(names), max(len(keys) - _NAMED, 0)


@page()
def schedules(request: HttpRequest) -> HttpResponse:
    """What runs by itself; with `?part=` only what changed of it."""
    part = request.GET.get("part", "")
    if part == "rows":
        context = {"rows": _again(request), "search": Search.of(request.GET)}
        context["ticket"] = ticket(person(request))
        return show(request, "jobs/schedules/rows.html", context)
    context = {"section": "schedules", "listed": Listed(person(request), request.GET)}
    context["ticket"] = ticket(person(request))
    is_around = part == "around"
    return show(
        request, "jobs/schedules/around.html" if is_around else "jobs/schedules.html", context
    )


def _again(request: HttpRequest) -> list[Any]:
    """Rows of a list that is drawn, as they are now: those named that I may still see."""
    named = [
        int(key)
        for key in request.GET.getlist("schedule")[: reading.PAGE]
        if key.isdecimal() and len(key) < _LONGEST_NUMBER
    ]
    user = person(request)
    seen = permissions.schedules(user).filter(pk__in=named).values_list("pk", flat=True)
    return rows(user, list(seen))
