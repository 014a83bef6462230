"""What a person does to a schedule from its page or from the list: plain forms, one view."""

from uuid import UUID, uuid5

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST
from django_celery_beat.models import PeriodicTask

from jobs import permissions, registry
from jobs.execution.asked import TICKET, ticket_id
from jobs.execution.order import MOST_REASON
from jobs.params import Invalid, Unreadable
from jobs.scheduling import entries

from .page import page, person
from .schedule import shown
from .schedule_deeds import DEEDS, Deed

FIRE = "fire"
NEEDED = lazy("Say why; the reason is kept.")


@page("POST")
@require_POST
def act(request: HttpRequest, schedule_id: int, verb: str) -> HttpResponse:
    """Carry a verb out on one schedule."""
    entry = permissions.schedule(person(request), "manage", schedule_id)
    if verb == FIRE:
        return _fire(request, entry)
    if verb not in DEEDS:
        raise Http404
    return _do(request, entry, DEEDS[verb])


def _do(request: HttpRequest, entry: PeriodicTask, deed: Deed) -> HttpResponse:
    reason = request.POST.get("reason", "").strip()[:MOST_REASON]
    if deed.is_grave and not reason:
        return shown(request, entry.pk, problem=NEEDED, status=422)
    try:
        is_done = deed.does(entry, request.user, reason)
    except Invalid as problem:
        return shown(request, entry.pk, problem=problem, status=422)
    told = (deed.did if is_done else deed.in_vain) % {"name": entry.name}
    (messages.success if is_done else messages.warning)(request, told)
    return redirect(_back(request, entry, is_gone=deed.name == "delete"))


def _fire(request: HttpRequest, entry: PeriodicTask) -> HttpResponse:
    """One job of it, now, with its parameters; clicked twice it is the same one."""
    user = person(request)
    mine = permissions.tasks(user, "run").filter(pk=entry.task)
    if not user.is_superuser and not mine.exists():
        raise PermissionDenied
    try:
        job_id = _run_once(entry, user, request.POST.get(TICKET, ""))
    except (Invalid, Unreadable, registry.UnknownTask) as reason:
        told = _("%(name)s was not run: %(problem)s")
        messages.error(request, told % {"name": entry.name, "problem": reason})
    else:
        link = format_html('<a href="{}">{}</a>', reverse("jobs:job", args=[job_id]), job_id)
        messages.success(request, format_html(_("{} was fired: {}"), entry.name, link))
    return redirect(_back(request, entry))


def _run_once(entry: PeriodicTask, user: permissions.Person, ticket: str) -> str:
    """The id of the job; all rows of a list carry one ticket."""
    job_id = str(uuid5(UUID(ticket_id(ticket, user)), str(entry.pk)))
    mine = permissions.jobs(user).filter(pk=job_id)
    if mine.exists():
        return job_id
    try:
        entries.run_now(entry, by=user, job_id=job_id)
    except IntegrityError:
        if not mine.exists():
            raise
    return job_id


def _back(request: HttpRequest, entry: PeriodicTask, *, is_gone: bool = False) -> str:
    """The list as it was filtered, for who came from there; else its page."""
    query = request.POST.get("list", "")
    if is_gone or query.startswith("?"):
        return reverse("jobs:schedules") + query
    return reverse("jobs:schedule", args=[entry.pk])
