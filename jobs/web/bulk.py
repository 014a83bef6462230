"""A verb on many jobs of the list: what it would do is shown first and agreed to, then it
is done. Which verb and which jobs stands in the address, so the page can be read again."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.execution import many
from jobs.execution.order import MOST_REASON, Order
from jobs.models import JobQuerySet
from jobs.reading import agreed, deeds
from jobs.reading.filters import Filters

from .page import page, person, show
from .placing import ManyPlacings


@dataclass(frozen=True)
class Choice:
    """Which jobs: those that were ticked, or all that match the filters of the list."""

    filters: Filters
    ids: list[str]
    is_all: bool

    @classmethod
    def of(cls, query: QueryDict) -> "Choice":
        ids = [job_id.replace("\x00", "") for job_id in query.getlist("job")]
        return cls(Filters.of(query), ids, "all" in query)

    def __bool__(self) -> bool:
        is_meant = not self.filters.mistakes
        return (self.is_all and is_meant) or bool(self.ids)

    def among(
        self, user: permissions.Person, jobs: JobQuerySet, until: datetime | None
    ) -> JobQuerySet:
        """Those of `jobs`; of all that match, what came at `until` or later was not
        meant."""
        if not self.is_all:
            return jobs.filter(pk__in=self.ids)
        matching = self.filters.among(user, jobs)
        return matching.filter(created_at__lt=until) if until else matching

    @property
    def address(self) -> str:
        """The list that it was made in."""
        return reverse("jobs:jobs") + self.filters.address


@page("POST")
def bulk(request: HttpRequest) -> HttpResponse:
    """Ask about a verb on many jobs; POST carries it out."""
    deed = deeds.DEEDS.get(request.GET.get("verb", ""))
    choice = Choice.of(request.GET)
    if deed is None:
        raise Http404
    if not choice:
        messages.info(request, _("Tick jobs first, or choose all that match."))
        return redirect(choice.address)
    if request.method == "POST":
        return _agreed(request, deed, choice)
    return _ask(request, deed, choice)


def _ask(
    request: HttpRequest, deed: deeds.Deed, choice: Choice, problem: str = "", status: int = 200
) -> HttpResponse:
    """What it would do, and the form by which one agrees."""
    user = person(request)
    seen = choice.among(user, permissions.jobs(user), None)
    until = agreed.end_of(seen) if choice.is_all else None
    look = many.Look(deed.verb, choice.among(user, many.allowed(user, deed.verb), until))
    context = {"deed": deed, "choice": choice, "look": look, "until": until}
    context |= {"section": "jobs", "problem": problem, "limit": deeds.limit()}
    context |= {"others": _others(look, seen), "button": deed.button(look.count)}
    context |= {"reason": _reason(request), "judged": min(look.count, many.JUDGED)}
    context |= {"form": _form(request, deed)}
    return show(request, "jobs/bulk.html", context, status)


def _form(request: HttpRequest, deed: deeds.Deed) -> ManyPlacings | None:
    """What is to be changed, where that is the verb."""
    if deed.verb != "edit":
        return None
    return ManyPlacings(request.POST if request.method == "POST" else None)


def _others(look: many.Look, seen: JobQuerySet) -> int:
    """How many the person sees but has no say in."""
    count = seen.values("pk")[: many.MOST + 1].count()
    return max(count - look.found.total(), 0) if count <= many.MOST else 0


def _agreed(request: HttpRequest, deed: deeds.Deed, choice: Choice) -> HttpResponse:
    """Do it, unless there is more to it than the person was shown."""
    form = _form(request, deed)
    if deed.warning and not _reason(request):
        return _ask(request, deed, choice, _("Say why; the reason is kept."), 422)
    if form is not None and not form.is_valid():
        return _ask(request, deed, choice, status=422)
    ids, expected = _meant(request, deed, choice), agreed.count(_posted(request, "expect"))
    if len(ids) > expected:
        told = _("There are more now than when you were asked; nothing was done.")
        return _ask(request, deed, choice, told, 409)
    order = Order(request.user, _reason(request))
    outcome = many.act(deed.verb, ids, order, **(form.changes() if form else {}))
    messages.success(request, deed.told(outcome, expected))
    return redirect(choice.address)


def _meant(request: HttpRequest, deed: deeds.Deed, choice: Choice) -> list[str]:
    """The jobs that the person agreed about, as far as the verb can act on them now."""
    user, until = person(request), agreed.moment(_posted(request, "until"))
    return many.able(deed.verb, choice.among(user, many.allowed(user, deed.verb), until))


def _reason(request: HttpRequest) -> str:
    return _posted(request, "reason").strip()[:MOST_REASON]


def _posted(request: HttpRequest, name: str) -> str:
    return str(request.POST.get(name, ""))
