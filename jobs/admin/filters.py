"""Filters of lists that may hold millions: none of them asks for all distinct values."""

from typing import Any

from celery.states import ALL_STATES
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Task

from .rules import person

_MOST_CHOICES = 200
_KEY_DIGITS = 10
Choices = list[tuple[str, Any]]


class TaskFilter(admin.SimpleListFilter):
    """By one of the tasks that a person may see."""

    title = _("task")
    parameter_name = "task"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        names = permissions.tasks(person(request)).order_by("pk").values_list("pk", flat=True)
        return with_chosen([(name, name) for name in names[:_MOST_CHOICES]], self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(task=self.value()) if self.value() else None


class QueueFilter(admin.SimpleListFilter):
    """By a queue: those that tasks name, and the one of the row that was clicked."""

    title = _("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        named = Task.objects.filter(pk__in=permissions.tasks(person(request)).values("pk"))
        queues = named.exclude(queue="").values_list("queue", flat=True).distinct()
        found = sorted({"celery", *queues.order_by()[:_MOST_CHOICES]})
        return with_chosen([(name, name) for name in found], self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(queue=self.value()) if self.value() else None


class ResultFilter(admin.SimpleListFilter):
    """By Celery's state; Django would look which of them occur among all results."""

    title = _("state")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return with_chosen([(state, state) for state in sorted(ALL_STATES)], self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(status=self.value()) if self.value() else None


class OwnerFilter(admin.SimpleListFilter):
    """Mine, nobody's, or those of the person who was clicked in the list."""

    title = _("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return with_chosen([("me", _("Me")), ("nobody", _("Nobody"))], self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        value = self.value()
        if value == "me":
            return queryset.filter(owner=person(request).pk)
        if value == "nobody":
            return queryset.filter(owner=None)
        return queryset.filter(owner__in=_named(value)) if value else None


class StalledFilter(admin.SimpleListFilter):
    """Those that run and say nothing."""

    title = _("silence")
    parameter_name = "stalled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("1", _("Stalled"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if self.value() != "1":
            return None
        return queryset.filter(lease_expires_at__isnull=False, stalled_at__isnull=False)


class WorkerFilter(admin.SimpleListFilter):
    """What the worker runs now that was clicked in the list."""

    title = _("worker")
    parameter_name = "worker"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return with_chosen([], self.value())

    def has_output(self) -> bool:
        return bool(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if not self.value():
            return None
        return queryset.filter(lease_expires_at__isnull=False, worker=self.value())


class ScheduleFilter(admin.SimpleListFilter):
    """By the schedule that was clicked in the list."""

    title = _("schedule")
    parameter_name = "schedule"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        key = self.value()
        if not _is_key(key):
            return []
        found = permissions.schedules(person(request)).filter(pk=key)
        return [(str(key), name) for name in found.values_list("name", flat=True)]

    def has_output(self) -> bool:
        return self.value() is not None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        key = self.value()
        if key is None:
            return None
        return queryset.filter(schedule=key) if _is_key(key) else queryset.none()


def _is_key(value: str | None) -> bool:
    """Whether a row may have it: larger numbers fit in no column."""
    return bool(value) and str(value).isdecimal() and len(str(value)) < _KEY_DIGITS


def with_chosen(choices: Choices, value: str | None) -> Choices:
    """What is chosen stays in sight, also when the list is too short to name it."""
    known = {choice for choice, _label in choices}
    return [*choices, (value, value)] if value and value not in known else choices


def _named(name: str) -> QuerySet[Any]:
    people = get_user_model()._default_manager
    return people.filter(**{get_user_model().USERNAME_FIELD: name})
