"""The pages on which somebody asks a worker to do something, or what it is about."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from jobs import permissions
from jobs.execution import queues
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Task, Worker
from jobs.params import Invalid
from jobs.workers.asking import Answer
from jobs.workers.readings import READINGS, read
from jobs.workers.verbs import VERBS, Verb, do

from .page import page, person, show


class VerbForm(forms.Form):
    """What a verb needs; the verb itself judges it."""

    def __init__(self, verb: Verb, worker: Worker, data: Any = None) -> None:
        super().__init__(data, initial={"n": 1, "max": worker.slots, "min": 1})
        for name in (*verb.fields, *verb.optional):
            self.fields[name] = _field(name, worker, is_taken=verb.name == "remove-queue")
            self.fields[name].required = name in verb.fields and name != "rate"
        told = lazy("Kept with what was done.")
        self.fields["reason"] = forms.CharField(
            label=lazy("Reason"), required=verb.is_grave, max_length=MOST_REASON, help_text=told
        )

    def take(self, wrong: Invalid) -> None:
        for name, problems in wrong.fields.items():
            self.add_error(name if name in self.fields else None, problems)


_LABELS = {
    "n": lazy("How many"), "max": lazy("At most"), "min": lazy("At least"),
    "queue": lazy("Queue"), "task": lazy("Task"), "rate": lazy("Rate"),
    "soft": lazy("Soft limit, in seconds"), "hard": lazy("Hard limit, in seconds"),
}  # fmt: skip
_NUMBERS = ("n", "max", "min")


def _field(name: str, worker: Worker, *, is_taken: bool) -> forms.Field:
    label = _LABELS[name]
    if name in _NUMBERS:
        return forms.IntegerField(label=label, min_value=1)
    if name in ("soft", "hard"):
        return forms.FloatField(label=label)
    if name == "rate":
        told = lazy("Like 10/m, 5/s or 100/h, in this worker alone; empty: without limit.")
        return forms.CharField(label=label, help_text=told)
    if name == "task":
        names = Task.objects.filter(missing_at=None).order_by("pk")
        return forms.ChoiceField(label=label, choices=[(each.pk, each.pk) for each in names])
    if is_taken:
        return forms.ChoiceField(label=label, choices=[(each, each) for each in worker.queues])
    more = ", ".join(sorted(queues.known() - {*worker.queues})[:20])
    told_known = lazy("Known queues that it does not take from: %(names)s") % {"names": more}
    return forms.CharField(label=label, help_text=told_known if more else "")


@page("POST")
def act(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """The form of one verb; POST asks the worker."""
    worker, deed = _worker(request, name), VERBS.get(verb)
    if deed is None:
        raise Http404
    form = VerbForm(deed, worker, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _asked(request, form, worker, deed):
        return redirect("jobs:worker", worker.name)
    context = {"section": "workers", "worker": worker, "deed": deed, "form": form}
    return show(request, "jobs/worker/verb.html", context, 422 if form.errors else 200)


def _asked(request: HttpRequest, form: VerbForm, worker: Worker, verb: Verb) -> bool:
    """Whether the worker was asked; the answer stands on the page that comes next."""
    given = {name: value for name, value in form.cleaned_data.items() if name != "reason"}
    order = Order(person(request), form.cleaned_data["reason"].strip())
    try:
        found = do(worker, verb, given, order)
    except Invalid as wrong:
        form.take(wrong)
        return False
    tell = messages.success if found.is_done else messages.warning
    tell(request, f"{verb.label}: {told(found)}")
    return True


def told(found: Answer) -> str:
    """An answer in one line."""
    if found.problem:
        return found.problem
    return _("the worker says: %(answer)s") % {"answer": found.said}


@page()
def ask(request: HttpRequest, name: str, what: str) -> HttpResponse:
    """What a worker answers to one question, asked now."""
    worker, reading = _worker(request, name), READINGS.get(what)
    if reading is None:
        raise Http404
    if reading.is_for_superusers and not person(request).is_superuser:
        raise PermissionDenied
    found = read(person(request), worker, reading)
    text = json.dumps(found.said, indent=2, ensure_ascii=False, sort_keys=True)
    context = {"worker": worker, "reading": reading, "found": found, "text": text}
    return show(request, "jobs/worker/answer.html", {"section": "workers", **context})


def _worker(request: HttpRequest, name: str) -> Worker:
    return get_object_or_404(permissions.workers(person(request)), pk=name)
