"""The pages on which past moments of a schedule are run on purpose: what would run, and how
far it is."""

from datetime import timedelta, tzinfo
from typing import Any
from uuid import UUID, uuid5

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.execution.asked import TICKET, ticket, ticket_id
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Backfill, First, Overlap, Schedule, Which
from jobs.params import Invalid
from jobs.reading.backfills import Progress
from jobs.scheduling import backfill as verbs
from jobs.scheduling.facts import WAITS
from jobs.scheduling.past import Look, Moment
from jobs.scheduling.plan import zone_of
from jobs.scheduling.rows import UNREADABLE

from .page import page, person, show

_DAY = timedelta(days=1)
_SHOWN, _LAST = 25, 3
_EARLIER = 5
_MOST_GOING = 8
_FORMAT = "%Y-%m-%dT%H:%M"


def _moment(label: Any, told: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_FORMAT)
    return forms.DateTimeField(label=label, help_text=told, widget=widget)


class BackfillForm(forms.Form):
    """Which moments; read on the clock of the schedule, which the view sets."""

    since = _moment(lazy("From"), "")
    until = _moment(lazy("Until"), lazy("The moment itself is not among them."))
    which = forms.ChoiceField(label=lazy("Which moments"), choices=Which.choices)
    first = forms.ChoiceField(label=lazy("Order"), choices=First.choices)
    concurrency = forms.IntegerField(
        label=lazy("At the same time"), min_value=1, max_value=verbs.MOST_AT_ONCE,
        help_text=lazy("So many of its jobs run at once."),
    )  # fmt: skip

    def wish(self) -> verbs.Wish:
        return verbs.Wish(**self.cleaned_data)

    def take(self, invalid: Invalid) -> None:
        for name, problems in invalid.fields.items():
            self.add_error(name or None, problems)


@page("POST")
def backfill(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """With a range in the address: what would run; POST runs it."""
    entry = permissions.schedule(person(request), "manage", schedule_id)
    with timezone.override(_zone(entry)):
        form = _form(request)
        if request.method == "POST" and (row := _started(request, entry, form)):
            return redirect("jobs:backfilled", entry.pk, row.pk)
        found = _look(entry, form) if form.is_bound and form.is_valid() else None
        context = {"form": form, "look": found, "listed": found and _listed(found)}
        context |= _about(entry) | {"ticket": ticket(person(request))}
        return show(request, "jobs/backfill.html", context, 422 if form.errors else 200)


@page()
def backfilled(request: HttpRequest, schedule_id: int, backfill_id: UUID) -> HttpResponse:
    """How far one is."""
    entry = permissions.schedule(person(request), "view", schedule_id)
    row = get_object_or_404(Backfill, pk=backfill_id, schedule=entry)
    context = {"section": "schedules", "entry": entry, "row": row}
    context |= _far(person(request), row) | _range(row, _zone(entry))
    is_part = request.GET.get("part") == "progress"
    part, whole = "jobs/backfill/progress.html", "jobs/backfilled.html"
    return show(request, part if is_part else whole, context)


@page("POST")
@require_POST
def cancel(request: HttpRequest, schedule_id: int, backfill_id: UUID) -> HttpResponse:
    """Let none of its jobs begin any more."""
    entry = permissions.schedule(person(request), "manage", schedule_id)
    row = get_object_or_404(Backfill, pk=backfill_id, schedule=entry)
    order = Order(request.user, request.POST.get("reason", "").strip()[:MOST_REASON])
    if not verbs.cancel(row, order):
        messages.warning(request, _("It was over already; nothing was changed."))
    return redirect("jobs:backfilled", entry.pk, row.pk)


def _far(user: permissions.Person, row: Backfill) -> dict[str, Any]:
    """How far it is; the same at the first paint and when some of it has moved."""
    going = permissions.jobs(user).filter(backfill=row, finished_at=None).exclude(WAITS)
    managed = permissions.schedules(user, "manage").filter(pk=row.schedule_id)
    return {
        "progress": Progress(row),
        "going": going.order_by("due_at")[:_MOST_GOING],
        "may_manage": managed.exists(),
    }


def _range(row: Backfill, zone: tzinfo) -> dict[str, str]:
    ends = {"since": row.since, "until": row.until}
    return {name: f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}" for name, at in ends.items()}


def _zone(entry: PeriodicTask) -> tzinfo:
    try:
        return zone_of(entry)
    except UNREADABLE:  # what is wrong with it is told of when it is looked at
        return timezone.get_default_timezone()


def _form(request: HttpRequest) -> BackfillForm:
    """As it was sent; or the last day, whatever did not run in it."""
    if request.method == "POST":
        return BackfillForm(request.POST)
    if "since" in request.GET:
        return BackfillForm(request.GET)
    now = timezone.now()
    plain = {"which": Which.MISSING, "first": First.OLDEST, "concurrency": 1}
    return BackfillForm(initial={"since": now - _DAY, "until": now, **plain})


def _look(entry: PeriodicTask, form: BackfillForm) -> Look | None:
    try:
        return verbs.look(entry, form.wish())
    except Invalid as invalid:
        form.take(invalid)
        return None


def _started(request: HttpRequest, entry: PeriodicTask, form: BackfillForm) -> Backfill | None:
    """What was asked for; None when `form` now holds errors."""
    if not form.is_bound or not form.is_valid():
        return None
    order = Order(request.user, request.POST.get("reason", "").strip()[:MOST_REASON])
    sent = UUID(ticket_id(request.POST.get(TICKET, ""), person(request)))
    # Who goes back and asks for something else has the same ticket.
    key = uuid5(sent, f"{entry.pk} {form.wish()}")
    try:
        return verbs.start(entry, form.wish(), order, backfill_id=str(key))
    except Invalid as invalid:
        form.take(invalid)
        return None


def _about(entry: PeriodicTask) -> dict[str, Any]:
    overlap = Schedule.objects.values_list("overlap", flat=True).get(pk=entry.pk)
    return {
        "section": "schedules",
        "entry": entry,
        "zone": timezone.get_current_timezone_name(),
        "runs_beside": overlap != Overlap.ALLOW_ALL,
        "earlier": entry.backfills.select_related("asked_by")[:_EARLIER],
    }


def _listed(found: Look) -> tuple[list[Moment], int, list[Moment]]:
    """The first ones, how many are between, and the last ones."""
    moments = found.moments
    if len(moments) <= _SHOWN + _LAST:
        return moments, 0, []
    return moments[:_SHOWN], len(moments) - _SHOWN - _LAST, moments[-_LAST:]
