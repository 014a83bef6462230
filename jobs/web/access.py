"""Why may somebody (not): which rule lets a person see, run, control or manage something.
For superusers; for all others these pages do not exist."""

from dataclasses import dataclass
from typing import Any, cast, get_args

from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import permissions
from jobs.models import Job, Task
from jobs.permissions import Ground, Person, Verb

from .page import page, person, show

_LABELS: dict[Verb, Any] = {
    "view": gettext_lazy("see it"),
    "run": gettext_lazy("run the task"),
    "control": gettext_lazy("do verbs on it"),
    "manage": gettext_lazy("manage the task"),
}


@dataclass(frozen=True)
class Answer:
    """One verb, and what lets the person do it: nothing, when they may not."""

    verb: Verb
    grounds: list[Ground]

    @property
    def label(self) -> str:
        return str(_LABELS[self.verb])


@page()
def of_task(request: HttpRequest, name: str) -> HttpResponse:
    """Who may what with a task."""
    _for_superusers(request)
    row = permissions.task(person(request), "view", name)
    title = row.title or row.name
    return _answer(request, row, {"title": title, "back": reverse("jobs:task", args=[name])})


@page()
def of_job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Who may what with a job."""
    _for_superusers(request)
    row = permissions.job(person(request), "view", job_id)
    return _answer(request, row, {"title": row.pk, "back": reverse("jobs:job", args=[job_id])})


def _for_superusers(request: HttpRequest) -> None:
    if not person(request).is_superuser:
        raise Http404


def _answer(request: HttpRequest, row: Task | Job, context: dict[str, Any]) -> HttpResponse:
    name = request.GET.get("user", "").replace("\x00", "").strip()
    whom = _named(name)
    context |= {"section": "jobs" if isinstance(row, Job) else "tasks", "name": name}
    context |= {"whom": whom, "answers": _answers(whom, row) if whom else []}
    if name and whom is None:
        context["problem"] = _("There is nobody of this name.")
    return show(request, "jobs/access.html", context)


def _named(name: str) -> Person | None:
    users = get_user_model()
    try:
        found = users._default_manager.get_by_natural_key(name)
    except users.DoesNotExist:
        return None
    return cast(Person, found)


def _answers(whom: Person, row: Task | Job) -> list[Answer]:
    """Of each verb; running and managing are about the job's task."""
    verbs = [verb for verb in get_args(Verb) if isinstance(row, Job) or verb != "control"]
    return [Answer(verb, permissions.grounds(whom, verb, row)) for verb in verbs]
