"""The page that edits a job which has not started: where and when it runs, and with what.

Two forms, each saved by itself: who moves a job to another queue need not give its
secrets again.
"""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from jobs import permissions, registry
from jobs.execution import control
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Job
from jobs.params import Invalid
from jobs.states import WAITING

from . import given
from .page import page, person, show
from .placing import Placing
from .sheet import Sheet

WHAT = "job-what"
"""The field that says which of the two forms was sent: no parameter has that name."""


@page("POST")
def edit(request: HttpRequest, job_id: str) -> HttpResponse:
    """Edit a job that waits."""
    job = permissions.job(person(request), "control", job_id)
    if job.state not in WAITING:
        messages.warning(request, _("It has started: only what waits can be edited."))
        return redirect("jobs:job", job.pk)
    if request.method != "POST":
        return _forms(request, job, Placing(job), _asking(request, job))
    if request.POST.get(WHAT) == "params":
        return _save_params(request, job)
    return _save_placing(request, job)


def _save_placing(request: HttpRequest, job: Job) -> HttpResponse:
    form = Placing(job, request.POST)
    if not form.is_valid():
        return _forms(request, job, form, _asking(request, job), 422)
    return _saved(request, job, **form.changes())


def _save_params(request: HttpRequest, job: Job) -> HttpResponse:
    """Parameters run code: they are for those who may run it."""
    permissions.task(person(request), "run", job.task_id)
    form = _asking(request, job, request.POST, request.FILES)
    if form is None:
        return redirect("jobs:edit", job.pk)
    try:
        if form.is_valid():
            return _saved(request, job, params=form.given())
    except Invalid as invalid:
        form.take(invalid)
    return _forms(request, job, Placing(job), form, 422)


def _saved(request: HttpRequest, job: Job, **changes: Any) -> HttpResponse:
    reason = request.POST.get("job-reason", "").strip()[:MOST_REASON]
    chosen = permissions.jobs(person(request), "control").filter(pk=job.pk)
    if control.edit(chosen, Order(request.user, reason), **changes):
        messages.success(request, _("Saved."))
    else:
        messages.warning(request, _("Nothing was changed: it is as it was, or it has started."))
    return redirect("jobs:job", job.pk)


def _asking(request: HttpRequest, job: Job, data: Any = None, files: Any = None) -> Any:
    """The form of its parameters; None when its task is unknown, or not theirs to run."""
    user = person(request)
    if not permissions.tasks(user, "run").filter(pk=job.task_id).exists():
        return None
    try:
        parameters = registry.get(job.task_id).parameters
    except registry.UnknownTask:
        return None
    initial = given.values_of(job)
    form = parameters.form(data, files, initial, kept=given.files_of(user, job))
    if data is None and job.field_errors:
        form.warn(job.field_errors)
    return form


def _forms(
    request: HttpRequest, job: Job, placing: Form, params: Form | None, status: int = 200
) -> HttpResponse:
    context = {"section": "jobs", "job": job, "sheet": Sheet(person(request), job)}
    context |= {"placing": placing, "params": params}
    return show(request, "jobs/edit.html", context, status)
