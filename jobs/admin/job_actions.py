"""Verbs on jobs chosen in the admin: what they would do is shown, a reason is given, and
they are done by the same verb on many jobs as on our pages: each job by its own rule."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from jobs.execution import many
from jobs.execution.order import MOST_REASON, Order
from jobs.models import JobQuerySet
from jobs.reading import agreed, deeds

from .asking import ask, is_agreed, is_all
from .rules import OwnRules, person

Action = Callable[[Any, HttpRequest, JobQuerySet], HttpResponse | None]

# What has a form of its own is done on our pages.
_VERBS = [verb for verb in deeds.DEEDS if verb != "edit"]
_TEMPLATE = "admin/jobs/job/act.html"


class JobActions(OwnRules):
    """Only these, be there others of Django's or the site's."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {verb: (_asking(verb), verb, deeds.DEEDS[verb].short) for verb in _VERBS}


def _asking(verb: str) -> Action:
    def act(page: Any, request: HttpRequest, chosen: JobQuerySet) -> HttpResponse | None:
        answer = _agreed if is_agreed(request) else _ask
        return answer(page, request, deeds.DEEDS[verb], chosen)

    return act


def _ask(
    page: Any, request: HttpRequest, deed: deeds.Deed, chosen: JobQuerySet, problem: str = ""
) -> HttpResponse:
    """What it would do, and the form by which one agrees."""
    until = agreed.end_of(chosen) if is_all(request) else None
    look = many.Look(deed.verb, _own(request, deed, chosen, until))
    seen = _keys(chosen)[: many.MOST + 1].count()
    context = {"deed": deed, "look": look, "until": until, "problem": problem}
    context |= {"title": deed.button(look.count) + "?" if look.count else deed.short}
    context |= {"action": deed.short, "count": look.count, "limit": deeds.limit()}
    context |= {"button": deed.button(look.count)}
    context |= {"others": max(seen - look.found.total(), 0) if seen <= many.MOST else 0}
    context |= {"reason": _reason(request)}
    return ask(page, request, _TEMPLATE, context, status=409 if problem else 200)


def _agreed(
    page: Any, request: HttpRequest, deed: deeds.Deed, chosen: JobQuerySet
) -> HttpResponse | None:
    """Do it, unless there is more to it than the person was shown."""
    if deed.warning and not _reason(request):
        return _ask(page, request, deed, chosen, _("Say why; the reason is kept."))
    until = agreed.moment(request.POST.get("until", ""))
    ids = many.able(deed.verb, _own(request, deed, chosen, until))
    expected = agreed.count(request.POST.get("expect", ""))
    if len(ids) > expected:
        told = _("There are more now than when you were asked; nothing was done.")
        return _ask(page, request, deed, chosen, told)
    outcome = many.act(deed.verb, ids, Order(request.user, _reason(request)))
    page.message_user(request, deed.told(outcome, expected), messages.SUCCESS)
    back = request.POST.get("back")
    return redirect(page.address_of(back)) if back else None


def _own(
    request: HttpRequest, deed: deeds.Deed, chosen: JobQuerySet, until: datetime | None
) -> JobQuerySet:
    """Those of the chosen ones in which the person has a say; of all that match, what came
    at `until` or later was not meant."""
    jobs = many.allowed(person(request), deed.verb).filter(pk__in=_keys(chosen))
    return jobs.filter(created_at__lt=until) if until else jobs


def _keys(chosen: JobQuerySet) -> Any:
    return chosen.order_by().values("pk")


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:MOST_REASON]
