"""What Celery keeps of results, to look at: superusers all, others those of jobs that
they may see. Stock, anybody with a view permission reads every argument of every task."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_results import admin as stock
from django_celery_results.models import GroupResult, TaskResult

from jobs import permissions
from jobs.models import Job

from . import shown
from .rules import ReadOnly, page_of, person

# Importing them has registered the stock pages, so that they can be taken away whatever
# the order of INSTALLED_APPS.
__all__ = ["GroupResultAdmin", "TaskResultAdmin", "stock"]


@page_of(TaskResult)
class TaskResultAdmin(ReadOnly):
    list_display = ("task_id", "periodic_task_name", "task_name", "date_done", "status",
                    "worker", "page")  # fmt: skip
    list_filter = ("status", "date_done")
    # Arguments are not searched: that would find out what is masked.
    search_fields = ("task_id__startswith", "=task_name", "=periodic_task_name")
    search_help_text = _("The beginning of an id, the name of a task or of a schedule")
    sortable_by = ("date_done",)
    fields = readonly_fields = (
        "page", "task_id", "task_name", "periodic_task_name", "status", "worker",
        "given", "result_shown", "traceback_shown", "date_created", "date_started",
        "date_done",
    )  # fmt: skip

    def seen_by(self, user: permissions.Person) -> QuerySet[TaskResult]:
        rows: QuerySet[TaskResult] = TaskResult.objects.all()
        if user.is_superuser:
            return rows
        return rows.filter(task_id__in=permissions.jobs(user).values("pk"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or permissions.may_read_traces(person(request), _job(obj)):
            return self.fields
        return tuple(name for name in self.fields if name != "traceback_shown")

    @admin.display(description=_("page"))
    def page(self, row: TaskResult) -> str:
        return shown.link(_("Open"), "jobs:job", row.task_id)

    @admin.display(description=_("parameters"))
    def given(self, row: TaskResult) -> str:
        """Of the job, masked; the text that Celery keeps beside it only where nothing
        in it can be secret."""
        job = _job(row)
        if job is not None:
            return shown.json(shown.params(job))
        parameters = shown.parameters(row.task_name or "")
        if parameters is None or parameters.has_secrets:
            return shown.MASK
        return shown.text(f"{row.task_args or ''}\n{row.task_kwargs or ''}".strip())

    @admin.display(description=_("result"))
    def result_shown(self, row: TaskResult) -> str:
        return shown.text(row.result or "")

    @admin.display(description=_("traceback"))
    def traceback_shown(self, row: TaskResult) -> str:
        return shown.text(row.traceback or "")


def _job(row: TaskResult) -> Job | None:
    return Job.objects.filter(pk=row.task_id).first()


@page_of(GroupResult)
class GroupResultAdmin(ReadOnly):
    list_display = ("group_id", "date_done")
    list_filter = ("date_done",)
    search_fields = ("group_id__startswith",)
    sortable_by = ("date_done",)
    fields = readonly_fields = ("group_id", "result_shown", "date_created", "date_done")

    def seen_by(self, user: permissions.Person) -> QuerySet[GroupResult]:
        rows: QuerySet[GroupResult] = GroupResult.objects.all()
        if user.is_superuser:
            return rows
        mine = permissions.jobs(user).exclude(group_id="")
        return rows.filter(group_id__in=mine.values("group_id"))

    @admin.display(description=_("result"))
    def result_shown(self, row: GroupResult) -> str:
        return shown.text(row.result or "")
