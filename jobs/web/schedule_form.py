"""The pages on which people make and edit a schedule, and what shows them its moments while
they do."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.params import Invalid
from jobs.reading import ahead
from jobs.reading.forecast import forecast
from jobs.scheduling.form import LOOK, ScheduleForm
from jobs.scheduling.rows import read_row

from .page import page, person, show

_KEY_DIGITS = 18


@page("POST")
def new_schedule(request: HttpRequest) -> HttpResponse:
    """Make a schedule; `?task=` chooses its task."""
    if not permissions.may_schedule(person(request)):
        raise PermissionDenied
    return _answer(request, None)


@page("POST")
def edit_schedule(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Edit one."""
    entry = permissions.schedule(person(request), "manage", schedule_id)
    try:
        return _answer(request, read_row(entry.pk).entry)
    except Invalid as reason:  # its page says the same, and deletes it
        messages.error(request, str(reason))
        return redirect("jobs:schedule", entry.pk)


@page("POST")
@require_POST
def schedule_preview(request: HttpRequest) -> HttpResponse:
    """When it would come as the form stands at this moment; nothing is saved."""
    user, key = person(request), request.GET.get("schedule", "")
    if key and not (key.isascii() and key.isdecimal() and len(key) <= _KEY_DIGITS):
        raise Http404
    entry = read_row(permissions.schedule(user, "manage", key).pk).entry if key else None
    if entry is None and not permissions.may_schedule(user):
        raise PermissionDenied
    form = ScheduleForm(user, request.POST, entry=entry)
    form.look()
    return show(request, "jobs/schedule/form/ahead.html", _ahead(form))


def _answer(request: HttpRequest, entry: PeriodicTask | None) -> HttpResponse:
    user, sent = person(request), request.POST
    if request.method != "POST":
        first = {name: request.GET[name] for name in ("task",) if name in request.GET}
        return _shown(request, ScheduleForm(user, entry=entry, initial=first))
    form = ScheduleForm(user, sent, entry=entry)
    if LOOK in sent:
        form.look()
        return _shown(request, form)
    if not form.is_valid() or not form.save():
        return _shown(request, form, 409 if form.is_outdated else 422)
    assert form.entry is not None
    messages.success(request, _("Saved.") if form.is_new else _("Nothing was changed."))
    return redirect("jobs:schedule", form.entry.pk)


def _shown(request: HttpRequest, form: ScheduleForm, status: int = 200) -> HttpResponse:
    context = {"section": "schedules", "entry": form.entry, **_ahead(form)}
    return show(request, "jobs/schedule/edit.html", context, status)


def _ahead(form: ScheduleForm) -> dict[str, Any]:
    row = form.sketch()
    if row is None:
        return {"form": form}
    told = {"preview": ahead.preview(form.user, row), "forecast": forecast(form.user, row)}
    return {"form": form, **told}
