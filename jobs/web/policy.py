"""The page on which those who manage a task say how its jobs run."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from jobs import permissions
from jobs.dispatch.policy import EDITED
from jobs.execution import policy as verbs
from jobs.execution.edit import HIGHEST, LOWEST
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Task
from jobs.params import Invalid
from jobs.reading.policy import when_empty

from .page import page, person, show

_GROUPS = {"viewers": lazy("Who may see it"), "runners": lazy("Who may run it"),
           "managers": lazy("Who may manage it")}  # fmt: skip


def _seconds(label: Any, told: Any = "") -> forms.FloatField:
    return forms.FloatField(
        label=label,
        required=False,
        min_value=verbs.SHORTEST,
        help_text=told,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )


def _count(label: Any, told: Any, *, least: int = 0) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=least,
        max_value=verbs.MOST_RUNNING,
        help_text=told,
    )


class PolicyForm(forms.Form):
    """What operators say of a task; empty means "as the code says"."""

    enabled = forms.BooleanField(label=lazy("Enabled: its jobs may start"), required=False)
    queue = forms.CharField(label=lazy("Queue"), required=False, max_length=255)
    priority = forms.IntegerField(
        label=lazy("Priority"), required=False, min_value=LOWEST, max_value=HIGHEST,
        help_text=lazy("9 is first."),
    )  # fmt: skip
    soft_time_limit = _seconds(
        lazy("Soft limit, seconds"), lazy("Then its function is told to end.")
    )
    time_limit = _seconds(lazy("Hard limit, seconds"), lazy("Then its process is ended."))
    stall_after = _seconds(
        lazy("Stalled after, seconds"),
        lazy("Without progress or log for so long it is flagged; nothing is ended."),
    )
    max_retries = forms.IntegerField(
        label=lazy("Retries at most"), required=False, min_value=0,
        max_value=verbs.MOST_RETRIES,
        help_text=lazy("How often one job is tried again at most; jobs asked for before, too."),
    )  # fmt: skip
    max_running = _count(
        lazy("Running at once"),
        lazy("How many of its jobs run at once, on all workers together; 0: any number."),
    )
    max_running_per_key = _count(
        lazy("Running at once per key"),
        lazy("The same for those with one concurrency key; 0: any number."),
    )
    rate = forms.CharField(
        label=lazy("Rate"), required=False, max_length=32,
        help_text=lazy("How many start in how long, like 10/m (s, m, h, d); off: at once."),
    )  # fmt: skip
    burst = _count(
        lazy("Burst"), lazy("How many may start together after a time with none."), least=1
    )
    reason = forms.CharField(
        label=lazy("Reason"), required=False, max_length=MOST_REASON,
        help_text=lazy("Kept with the change; needed to disable it."),
    )  # fmt: skip
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, task: Task, data: Any = None) -> None:
        self.task = task
        initial = {name: getattr(task, name) for name in EDITED}
        super().__init__(data, initial=initial | {"seen": verbs.fingerprint(task)})
        for name in set(EDITED) - {"enabled"}:
            field = self.fields[name]
            field.help_text = f"{field.help_text} {when_empty(task.name, name)}".strip()
        for name, label in _GROUPS.items():
            self.fields[name] = self._groups(name, label)
        self.order_fields([*EDITED, *_GROUPS, "reason"])

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.task.enabled and not given.get("enabled") and not given.get("reason"):
            self.add_error("reason", _("Say why it is disabled: it stands on its page."))
        return given

    def changes(self) -> dict[str, Any]:
        """What the verb takes."""
        return {name: self.cleaned_data[name] for name in self._written}

    def take(self, invalid: Invalid) -> None:
        for name, problems in invalid.fields.items():
            self.add_error(name, problems)

    @property
    def _written(self) -> list[str]:
        return [name for name in self.fields if name not in ("reason", "seen")]

    def _groups(self, name: str, label: Any) -> "forms.ModelMultipleChoiceField[Group]":
        chosen = getattr(self.task, name).all()
        return forms.ModelMultipleChoiceField(
            Group.objects.order_by("name"),
            label=label,
            required=False,
            initial=chosen,
            widget=forms.CheckboxSelectMultiple,
        )


@page("POST")
def policy(request: HttpRequest, name: str) -> HttpResponse:
    """Change the operators' half of a task; POST saves it."""
    task = permissions.task(person(request), "manage", name)
    form = PolicyForm(task, request.POST if request.method == "POST" else None)
    if request.method == "POST" and _is_saved(request, form):
        return redirect("jobs:task", task.name)
    context = {"section": "tasks", "task": task, "form": form}
    return show(request, "jobs/policy.html", context, 422 if form.errors else 200)


def _is_saved(request: HttpRequest, form: PolicyForm) -> bool:
    if not form.is_valid():
        return False
    order = Order(request.user, form.cleaned_data["reason"].strip())
    seen = form.cleaned_data["seen"]
    try:
        is_new = verbs.edit(form.task.name, order, form.changes(), seen=seen)
    except Invalid as invalid:
        form.take(invalid)
        return False
    except verbs.Outdated:
        form.add_error(None, ValidationError(verbs.OUTDATED))
        return False
    messages.success(request, _("Saved.") if is_new else _("Nothing was changed."))
    return True
