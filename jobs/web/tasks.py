"""The pages of tasks: the catalogue, and one task with the form that runs it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.execution.asked import TICKET, asked, runs_again, ticket
from jobs.models import Task
from jobs.reading import runs
from jobs.reading.fires import of_task
from jobs.reading.policy import policy, switched_off
from jobs.reading.turns import load_of

from . import catalogue, runform
from .copies import copies
from .page import page, person, show
from .sheet import Sheet

_RECENT = 8
_SCHEDULES = 6


@page()
def tasks(request: HttpRequest) -> HttpResponse:
    """What can run, and how it has been doing."""
    user, search = person(request), catalogue.Search.of(request.GET)
    context = {
        "section": "tasks",
        "search": search,
        "groups": catalogue.groups(user, search),
        "tags": catalogue.tags(user, search),
        "broken": catalogue.broken(user),
    }
    is_part = request.GET.get("part") == "groups"
    return show(request, "jobs/task/groups.html" if is_part else "jobs/tasks.html", context)


@page("POST")
def task(request: HttpRequest, name: str) -> HttpResponse:
    """One task; POST asks for a job of it."""
    row = permissions.task(person(request), "view", name)
    part = request.GET.get("part")
    if request.method == "POST":
        return _copies(request, row) if part == "copies" else _run(request, row)
    user = person(request)
    if part == "recent":
        return show(request, "jobs/task/recent.html", _recent(user, row))
    return _sheet(request, row, runform.offered(row, user, request.GET))


def _run(request: HttpRequest, row: Task) -> HttpResponse:
    """Enqueue what the form asks for; with errors the form again, as it was filled."""
    permissions.task(person(request), "run", row.name)
    user, sent = person(request), request.POST
    again = runform.earlier(row, user, sent.get(runform.AGAIN, ""))
    form = runform.filled(row, user, request, again)
    if form is None:
        raise PermissionDenied
    found = asked(row, form, user, sent.get(TICKET, ""), again)
    if found is None:
        return _sheet(request, row, runform.Offer(form, again), status=422)
    if found.was_there:
        messages.info(request, _("There was a job like it already: this one."))
    return redirect("jobs:job", found.job_id)


def _copies(request: HttpRequest, row: Task) -> HttpResponse:
    """What the form holds at this moment, for other doors; nothing is asked for."""
    user = person(request)
    permissions.task(user, "run", row.name)
    form = runform.filled(row, user, request, None)
    if form is None:
        raise PermissionDenied
    told = copies(request, row.name, form, user)
    return show(request, "jobs/task/copies.html", {"task": row, "copies": told})


def _sheet(
    request: HttpRequest, row: Task, offer: runform.Offer, status: int = 200
) -> HttpResponse:
    user = person(request)
    context = {"offer": offer, "form": offer.form, "ticket": ticket(user)}
    again = offer.again
    context |= {"again": again, "is_linked": runs_again(user, again)}
    context |= _about(user, row)
    if offer.form is not None and context["may_run"]:
        context["copies"] = copies(request, row.name, offer.form, user)
    return show(request, "jobs/task.html", context, status)


def _about(user: permissions.Person, row: Task) -> dict[str, Any]:
    """The task beside its form."""
    mine = permissions.jobs(user).filter(task=row.name)
    return _recent(user, row) | {
        "section": "tasks",
        "may_run": permissions.may(user, "run", row),
        "may_manage": permissions.may(user, "manage", row),
        "runs": runs.of(mine),
        "turns": of_task(user, row.name, _SCHEDULES),
        "policy": policy(row),
        "load": load_of(row.name),
        "off": switched_off([row]).get(row.name),
    }


def _recent(user: permissions.Person, row: Task) -> dict[str, Any]:
    """Its last jobs: the same at the first paint and when one of them has moved."""
    mine = permissions.jobs(user).filter(task=row.name)
    recent = [Sheet(user, job) for job in mine.select_related("owner")[:_RECENT]]
    last = recent[0].job.pk if recent else ""
    return {"task": row, "sheets": recent, "last": last}
