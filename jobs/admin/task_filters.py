"""Filters of the catalogue: queue, tag, what is wrong with a task."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Task
from jobs.reading import runs
from jobs.reading.inside import has_tag
from jobs.reading.policy import queue_of
from jobs.states import State

from .filters import Choices, with_chosen
from .rules import person

_MOST_CHOICES = 200


class _Filter(admin.SimpleListFilter):
    """`seen` are the tasks among which its choices are found."""

    seen: QuerySet[Task]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        self.seen = permissions.tasks(person(request))
        names = sorted(self.names())[:_MOST_CHOICES]
        return with_chosen([(name, name) for name in names], self.value())

    def has_output(self) -> bool:
        return True  # it filters, also where it has nothing to offer

    def names(self) -> set[str]:
        raise NotImplementedError


class WorkQueueFilter(_Filter):
    """By the queue in which its jobs go, said by an operator or the code."""

    title = _("queue")
    parameter_name = "queue"

    def names(self) -> set[str]:
        self.queues = {task.pk: queue_of(task) for task in self.seen.only("name", "queue")}
        return {*self.queues.values()} - {""}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if not self.value():
            return None
        return queryset.filter(
            pk__in=[name for name, queue in self.queues.items() if queue == self.value()]
        )


class TagFilter(_Filter):
    title = _("tag")
    parameter_name = "tag"

    def names(self) -> set[str]:
        lists = self.seen.order_by().values_list("tags", flat=True)
        return {str(tag) for tags in lists if isinstance(tags, list) for tag in tags}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        tag = self.value()
        return queryset.filter(has_tag(tag)) if tag else None


class ConditionFilter(admin.SimpleListFilter):
    """By what an operator should look at."""

    title = _("condition")
    parameter_name = "condition"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            ("failing", _("Failing: its last run failed")),
            ("missing", _("Missing from the code")),
            ("broken", _("Broken: could not be imported")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if self.value() == "failing":
            ended = runs.last_end(permissions.jobs(person(request)))
            failing: QuerySet[Any] = queryset.alias(ended=ended).filter(ended=State.FAILED)
            return failing
        found = {"missing": Q(missing_at__isnull=False), "broken": ~Q(error="")}
        return queryset.filter(found[self.value()]) if self.value() in found else None  # type: ignore[index]
