"""Filters of schedules: what keeps them from coming, and as whom and where their jobs run."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs import permissions

from .filters import Choices, TaskFilter, with_chosen
from .rules import person

_MOST_CHOICES = 200
NOBODY = "-"
"""The value that means the system."""


class StateFilter(admin.SimpleListFilter):
    """Paused by somebody, or with a flaw of its own."""

    title = _("state")
    parameter_name = "state"
    CHOSEN: ClassVar[dict[str, dict[str, Any]]] = {
        "on": {"enabled": True, "policy__paused_at": None, "policy__flaw": ""},
        "off": {"enabled": False},
        "paused": {"policy__paused_at__isnull": False},
        "flawed": {"policy__flaw__gt": ""},
    }  # fmt: skip

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("on", _("On")), ("off", _("Switched off")), ("paused", _("Paused")),
                ("flawed", _("With a flaw"))]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(**self.CHOSEN.get(self.value() or "", {}))


class _OfSeen(admin.SimpleListFilter):
    """By a value of the schedules that a person may see."""

    column: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        seen = permissions.schedules(person(request)).order_by()
        used = seen.values_list(self.column, flat=True).distinct()[:_MOST_CHOICES]
        found = sorted(str(each) for each in used if each not in (None, ""))
        return with_chosen([(each, each) for each in found], self.value())

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(**{self.column: self.value()}) if self.value() else None


class OwnQueueFilter(_OfSeen):
    title = _("queue")
    parameter_name = column = "queue"


class RunAsFilter(admin.SimpleListFilter):
    """By the person as whom they run."""

    title = _("runs as")
    parameter_name = "run_as"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        keys = permissions.schedules(person(request)).order_by().values("policy__run_as")
        people: Any = get_user_model()._default_manager.filter(pk__in=keys)
        name = get_user_model().USERNAME_FIELD
        names = people.order_by(name).values_list(name, flat=True)[:_MOST_CHOICES]
        choices = [(NOBODY, _("The system")), *((each, each) for each in names)]
        return with_chosen(choices, self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        value = self.value()
        if not value:
            return None
        if value == NOBODY:
            return queryset.filter(policy__run_as=None)
        people: Any = get_user_model()._default_manager
        named = people.filter(**{get_user_model().USERNAME_FIELD: value})
        return queryset.filter(policy__run_as__in=named.values("pk"))


FILTERS = (StateFilter, TaskFilter, OwnQueueFilter, RunAsFilter)
