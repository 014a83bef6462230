"""Verbs on jobs chosen in the admin: they lead to the page that asks about the same verb on
many jobs, where each job is judged by its own rule, a reason is given, and it is done."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from jobs.models import Job

from .rules import OwnRules

MOST = 100
"""Their ids stand in an address, and no proxy takes one without end."""

Action = Callable[[Any, HttpRequest, QuerySet[Job]], HttpResponse | None]
_LABELS = {
    "cancel": lazy("Cancel the chosen ones…"),
    "pause": lazy("Pause the chosen ones…"),
    "resume": lazy("Resume the chosen ones…"),
    "retry": lazy("Run the chosen ones again…"),
}


class JobActions(OwnRules):
    """Only these, be there others of Django's or the site's."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {verb: (_leading_to(verb), verb, _LABELS[verb]) for verb in _LABELS if _page()}


def _leading_to(verb: str) -> Action:
    def lead(page: Any, request: HttpRequest, chosen: QuerySet[Job]) -> HttpResponse | None:
        ids = list(chosen.values_list("pk", flat=True)[: MOST + 1])
        if len(ids) > MOST:
            told = _("At most %(most)d at once here: the list of jobs does more.")
            page.message_user(request, told % {"most": MOST}, messages.ERROR)
            return None
        query = QueryDict(mutable=True)
        query["verb"] = verb
        query.setlist("job", ids)
        return HttpResponseRedirect(f"{_page()}?{query.urlencode()}")

    return lead


def _page() -> str:
    """Empty on a site that has the admin and not our pages."""
    try:
        return reverse("jobs:bulk")
    except NoReverseMatch:
        return ""
