"""What can be done to several tasks at once, by who manages them: asked first, with a
reason."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from jobs.execution import policy
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Role, Task

from .asking import ask, is_agreed
from .rules import OwnRules, person

_MOST_SHOWN = 20
Names = list[str]


class Why(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=MOST_REASON)


class Switch(Why):
    """Whether jobs of the tasks start."""

    def __init__(self, on: bool, data: Any = None) -> None:
        super().__init__(data)
        self.on = on

    def act(self, names: Names, by: Any) -> int:
        return policy.switch(names, self.on, Order(by, self.cleaned_data["reason"]))


class Groups(Why):
    """Who may view, run or manage the tasks."""

    role = forms.ChoiceField(label=_("As"), choices=Role.choices)
    groups = forms.ModelMultipleChoiceField(Group.objects.order_by("name"), label=_("Groups"))
    field_order = ("groups", "role", "reason")

    def __init__(self, verb: Callable[..., int], data: Any = None) -> None:
        super().__init__(data)
        self.verb = verb

    def act(self, names: Names, by: Any) -> int:
        given = self.cleaned_data
        order = Order(by, given["reason"])
        return self.verb(names, given["role"], given["groups"], order)


ACTIONS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "enable": (_("Enable…"), lambda data: Switch(True, data)),
    "disable": (_("Disable…"), lambda data: Switch(False, data)),
    "give": (_("Give to groups…"), lambda data: Groups(policy.give, data)),
    "take": (_("Take from groups…"), lambda data: Groups(policy.take, data)),
}


class TaskActions(OwnRules):
    """Only these, and only for who manages some task."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        if not self.changed_by(person(request)).exists():
            return {}
        return {name: (_asking(name), name, label) for name, (label, _form) in ACTIONS.items()}


def _asking(name: str) -> Any:
    label, form_of = ACTIONS[name]

    def act(page: Any, request: HttpRequest, chosen: QuerySet[Task]) -> HttpResponse | None:
        form = form_of(request.POST if is_agreed(request) else None)
        names = _managed(page, request, chosen)
        if not form.is_valid():
            words = str(label).rstrip("…")
            context = {"form": form, "title": words, "action": words, "button": words}
            context |= {"names": names[:_MOST_SHOWN], "more": len(names) - _MOST_SHOWN}
            context |= {"count": len(names)}
            return ask(page, request, "admin/jobs/task/act.html", context)
        count = form.act(names, request.user)
        told = ngettext("%d task was changed.", "%d tasks were changed.", count) % count
        page.message_user(request, told, messages.SUCCESS)
        return None

    return act


def _managed(page: Any, request: HttpRequest, chosen: QuerySet[Task]) -> Names:
    """Those of the chosen ones that the person manages."""
    mine = page.changed_by(person(request)).filter(pk__in=chosen.order_by().values("pk"))
    return list(mine.order_by("pk").values_list("pk", flat=True))
