"""What shows people the moments of a schedule while they write it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from jobs import permissions
from jobs.reading import ahead
from jobs.scheduling.form import ScheduleForm

from .page import page, person, show

_KEY_DIGITS = 18


@page("POST")
@require_POST
def schedule_preview(request: HttpRequest) -> HttpResponse:
    """When it would come as the form stands at this moment; nothing is saved."""
    user, key = person(request), request.GET.get("schedule", "")
    if key and not (key.isascii() and key.isdecimal() and len(key) <= _KEY_DIGITS):
        raise Http404
    entry = permissions.schedule(user, "manage", key) if key else None
    if entry is None and not permissions.may_schedule(user):
        raise PermissionDenied
    form = ScheduleForm(user, request.POST, entry=entry)
    form.look()
    return show(request, "jobs/schedule/form/ahead.html", _ahead(form))


def _ahead(form: ScheduleForm) -> dict[str, Any]:
    row = form.sketch()
    return {"form": form, "preview": ahead.preview(form.user, row) if row else None}
