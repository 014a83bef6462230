"""Running a task from the admin: its typed form, sent by the same verb as on our pages."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.execution.asked import TICKET, asked, ticket
from jobs.models import Job, Task

from . import shown
from .drawing import escape_help
from .rules import OwnRules, person

_ADDRESS = "jobs_task_run"


class TaskRun(OwnRules):
    """The page with the form; who may run the task gets it."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.run_view)
        return [path("<path:object_id>/run/", view, name=_ADDRESS), *super().get_urls()]

    def run_address(self, task: Task) -> str:
        key = quote(task.pk)
        return reverse(f"admin:{_ADDRESS}", args=[key], current_app=self.admin_site.name)

    def run_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """POST asks for a job; with errors the form again, as it was filled."""
        user, task = person(request), _runnable(person(request), unquote(object_id))
        form = _form(task, request)
        sent = request.POST.get(TICKET, "")
        if form.is_bound and (found := asked(task, form, user, sent)):
            told = _("The job was asked for.")
            if found.was_there:
                told = _("There was a job like it already: this one.")
            self.message_user(request, told, messages.SUCCESS)
            return redirect(self.address_of(found.job_id, Job))
        return self._drawn(request, task, form)

    def _drawn(self, request: HttpRequest, task: Task, form: Any) -> HttpResponse:
        with permissions.asked_once():
            frame = self.admin_site.each_context(request)
        own = {
            "title": _("Run %(name)s") % {"name": task.title or task.name},
            "original": task,
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "sections": AdminForm(form, [(None, {"fields": [*form.fields]})], {}),
            "ticket": ticket(person(request)),
        }
        request.current_app = self.admin_site.name
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/jobs/task/run.html", frame | own, status=status)


def _runnable(user: permissions.Person, name: str) -> Task:
    """404 unseen, 403 for who may only look, and while no job of it can start."""
    if "\0" in name:
        raise Http404  # no database takes it
    task = permissions.task(user, "run", name)
    if not task.is_runnable:
        raise PermissionDenied
    return task


def _form(task: Task, request: HttpRequest) -> Any:
    known = shown.parameters(task.name)
    if known is None:  # known to other processes only
        raise PermissionDenied
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form: Any = known.form(*sent)
    escape_help(form.fields)
    return form
