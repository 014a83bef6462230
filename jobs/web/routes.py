"""Routing rules: to which queue the jobs of many tasks go, by the tasks' names."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from jobs import permissions
from jobs.execution import routing
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Event, Queue
from jobs.params import Invalid
from jobs.reading import routes as reading

from .page import page, person, show
from .queue_story import story

_HAPPENINGS = 10
_LONGEST = 120_000


class RulesForm(forms.Form):
    """All of them at once: their order counts."""

    rules = forms.CharField(
        label=lazy("Rules, one in each line: a pattern and a queue"),
        required=False,
        max_length=_LONGEST,
        help_text=lazy("billing.* means every task whose name begins with “billing.”"),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )
    moves = forms.BooleanField(
        label=lazy("Move along what waits where such jobs went before"), required=False
    )
    reason = forms.CharField(label=lazy("Reason"), required=False, max_length=MOST_REASON)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=32)

    def __init__(self, data: Any = None) -> None:
        rules = routing.told()
        initial = {"rules": reading.text(rules), "seen": routing.fingerprint(rules)}
        super().__init__(data, initial=initial)

    def write(self, by: permissions.Person) -> routing.Written | None:
        """What was done; None when nothing could be, which the form tells then."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        order = Order(by, given["reason"].strip())
        try:
            rules = routing.read(given["rules"])
            return routing.write(rules, order, seen=given["seen"], moves=given["moves"])
        except Invalid as wrong:
            self.add_error("rules", wrong.fields["rules"])
        except routing.Outdated:
            self.add_error(None, ValidationError(routing.OUTDATED))
        return None


@page("POST")
def routes(request: HttpRequest) -> HttpResponse:
    """The rules and whom they hold for; POST writes them."""
    user = person(request)
    if not permissions.may_control_queues(user):
        raise Http404
    form = RulesForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and (done := form.write(user)):
        _tell(request, done)
        return redirect("jobs:routes")
    past = Event.objects.filter(subject=Queue.ALL, verb="edit_routes", job=None, task=None)
    told = story(past.select_related("actor").order_by("-at", "-id")[:_HAPPENINGS])
    context = {"section": "queues", "form": form, "rules": reading.rules(user), "told": told}
    return show(request, "jobs/routes.html", context, 422 if form.errors else 200)


def _tell(request: HttpRequest, done: routing.Written) -> None:
    messages.success(request, _said(done))
    words = _(
        "No worker takes from “%(queue)s”: start one with -Q, or give it the queue on its page."
    )
    for queue in reading.unserved():
        messages.warning(request, words % {"queue": queue})


def _said(done: routing.Written) -> str:
    said = _("The rules hold from now on.") if done.changed else _("Nothing was changed.")
    if done.moved:
        moved = ngettext(
            "%(n)d job that waited was moved along.",
            "%(n)d jobs that waited were moved along.",
            done.moved,
        )
        said = f"{said} {moved % {'n': done.moved}}"
    if done.left:
        left = ngettext(
            "%(n)d is left where it waits: move it on the page of its queue.",
            "%(n)d are left where they wait: move them on the page of their queue.",
            done.left,
        )
        said = f"{said} {left % {'n': done.left}}"
    return said
