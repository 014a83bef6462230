"""A verb on many schedules of the list: what it would do is shown first and agreed to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.execution.order import MOST_REASON
from jobs.reading import agreed
from jobs.reading import schedules as reading

from .page import page, person, show
from .schedule_deeds import DEEDS, Deed
from .schedule_verbs import NEEDED
from .schedules import Search

MOST = 1_000
"""Schedules that are dealt with at once."""
_NAMED = 12
_LONGEST_NUMBER = 18


@dataclass(frozen=True)
class Many:
    """A verb on several: which of them it can act on, what the button says, what was done."""

    fits: Q
    does: Any
    did: Any


MANY: Mapping[str, Many] = {
    "pause": Many(
        Q(enabled=True, policy__paused_at=None),
        ngettext_lazy("Pause %(n)d schedule", "Pause %(n)d schedules", "n"),
        ngettext_lazy("%(n)d schedule is paused.", "%(n)d schedules are paused.", "n"),
    ),
    "resume": Many(
        Q(policy__paused_at__isnull=False),
        ngettext_lazy("Resume %(n)d schedule", "Resume %(n)d schedules", "n"),
        ngettext_lazy("%(n)d schedule goes on.", "%(n)d schedules go on.", "n"),
    ),
    "enable": Many(
        Q(enabled=False),
        ngettext_lazy("Enable %(n)d schedule", "Enable %(n)d schedules", "n"),
        ngettext_lazy("%(n)d schedule is on.", "%(n)d schedules are on.", "n"),
    ),
    "disable": Many(
        Q(enabled=True),
        ngettext_lazy("Disable %(n)d schedule", "Disable %(n)d schedules", "n"),
        ngettext_lazy("%(n)d schedule is off.", "%(n)d schedules are off.", "n"),
    ),
}


class Choice:
    """Those that were ticked, or all that match, as far as the verb can act on them and
    they are the person's to manage."""

    def __init__(self, user: permissions.Person, query: QueryDict, verb: str) -> None:
        self.search, self.is_all = Search.of(query), "all" in query
        self._keys = [
            int(key)
            for key in query.getlist("schedule")[:MOST]
            if key.isdecimal() and len(key) < _LONGEST_NUMBER
        ]
        self.seen = self._among(user, permissions.schedules(user))
        mine = permissions.schedules(user, "manage").filter(pk__in=self.seen.values("pk"))
        self.rows = mine.filter(MANY[verb].fits).order_by("name").only("name", "task")
        self.count = self.rows[: MOST + 1].count()

    def __bool__(self) -> bool:
        return self.is_all or bool(self._keys)

    def _among(
        self, user: permissions.Person, schedules: QuerySet[PeriodicTask]
    ) -> QuerySet[PeriodicTask]:
        if not self.is_all:
            return schedules.filter(pk__in=self._keys)
        of_state = reading.Shown(schedules).of(self.search.state)
        return schedules.filter(reading.said(self.search.words) & of_state)

    @property
    def address(self) -> str:
        """The list that it was made in."""
        return reverse("jobs:schedules") + self.search.address

    @property
    def names(self) -> list[str]:
        return list(self.rows.values_list("name", flat=True)[:_NAMED])

    @property
    def unnamed(self) -> int:
        return max(self.count - _NAMED, 0)

    @property
    def others(self) -> int:
        """How many more were chosen that are left as they are."""
        return max(self.seen.count() - self.count, 0)


@page("POST")
def bulk(request: HttpRequest) -> HttpResponse:
    """Ask about a verb on many schedules; POST carries it out."""
    verb = request.GET.get("verb", "")
    if verb not in MANY:
        raise Http404
    choice = Choice(person(request), request.GET, verb)
    if not choice:
        messages.info(request, _("Tick schedules first, or choose all that match."))
        return redirect(choice.address)
    if request.method == "POST":
        return _agreed(request, DEEDS[verb], choice)
    return _ask(request, DEEDS[verb], choice)


def _ask(
    request: HttpRequest, deed: Deed, choice: Choice, problem: Any = "", status: int = 200
) -> HttpResponse:
    button = MANY[deed.name].does % {"n": min(choice.count, MOST)}
    context = {"section": "schedules", "deed": deed, "choice": choice, "button": button}
    context |= {"problem": problem, "reason": _reason(request), "most": MOST}
    context["is_much"] = choice.count > MOST
    return show(request, "jobs/schedules/agree.html", context, status)


def _agreed(request: HttpRequest, deed: Deed, choice: Choice) -> HttpResponse:
    """Do it, unless there is more to it than the person was shown."""
    reason = _reason(request)
    if deed.is_grave and not reason:
        return _ask(request, deed, choice, NEEDED, 422)
    if choice.count > agreed.count(request.POST.get("expect", "")):
        told = _("There are more now than when you were asked; nothing was done.")
        return _ask(request, deed, choice, told, 409)
    count = sum(deed.does(entry, request.user, reason) for entry in choice.rows[:MOST])
    messages.success(request, MANY[deed.name].did % {"n": count})
    return redirect(choice.address)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:MOST_REASON]
