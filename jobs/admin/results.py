"""What Celery keeps of results, to look at: superusers all, others those of jobs that
they may see. Stock, anybody with a view permission reads every argument of every task."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django_celery_results import admin as stock
from django_celery_results.models import GroupResult, TaskResult

from jobs import permissions, registry
from jobs.models import Job

from . import shown
from .filters import ResultFilter
from .rules import ReadOnly, page_of, person

# Importing them has registered the stock pages, so that they can be taken away whatever
# the order of INSTALLED_APPS.
__all__ = ["GroupResultAdmin", "TaskResultAdmin", "stock"]

_MOST_JOBS = 100


@page_of(TaskResult)
class TaskResultAdmin(ReadOnly):
    list_display = ("task_id", "task_name", "status_shown", "date_done", "job_shown",
                    "periodic_task_name", "worker")  # fmt: skip
    list_filter = (ResultFilter,)
    date_hierarchy = "date_done"
    # Arguments are not searched: that would find out what is masked.
    search_fields = ("task_id__startswith", "=task_name", "=periodic_task_name")
    search_help_text = _("The beginning of an id, the name of a task or of a schedule")
    sortable_by = ("date_done",)
    fields = readonly_fields = (
        "job_shown", "task_id", "task_name", "periodic_task_name", "status_shown", "worker",
        "given", "result_shown", "traceback_shown", "date_created", "date_started",
        "date_done",
    )  # fmt: skip

    def seen_by(self, user: permissions.Person) -> QuerySet[TaskResult]:
        jobs = permissions.jobs(user)
        state = jobs.filter(pk=OuterRef("task_id")).values("state")
        rows: QuerySet[TaskResult] = TaskResult.objects.annotate(job_state=Subquery(state))
        if user.is_superuser:
            return rows
        return rows.filter(task_id__in=jobs.values("pk"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or permissions.may_read_traces(person(request), _job(obj)):
            return self.fields
        return tuple(name for name in self.fields if name != "traceback_shown")

    @admin.display(description=_("job"))
    def job_shown(self, row: Any) -> str:
        return self.to(Job, row.task_id, _("Open")) if row.job_state else shown.NOTHING

    @admin.display(description=_("state"))
    def status_shown(self, row: Any) -> str:
        """By our shapes where it is a job of ours; else as Celery says it."""
        if not row.job_state:
            return str(row.status)
        return shown.part("jobs/state.html", job=Job(pk=row.task_id, state=row.job_state))

    @admin.display(description=_("parameters"))
    def given(self, row: TaskResult) -> str:
        """Of the job, masked; the text that Celery keeps beside it only where nothing
        in it can be secret."""
        job = _job(row)
        if job is not None:
            return shown.json(registry.shown(job.task_id, job.params))
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
    search_fields = ("group_id__startswith",)
    sortable_by = ("date_done",)
    fields = readonly_fields = (
        "group_id", "jobs_shown", "result_shown", "date_created", "date_done",
    )  # fmt: skip
    date_hierarchy = "date_done"

    def seen_by(self, user: permissions.Person) -> QuerySet[GroupResult]:
        rows: QuerySet[GroupResult] = GroupResult.objects.all()
        if user.is_superuser:
            return rows
        mine = permissions.jobs(user).exclude(group_id="")
        return rows.filter(group_id__in=mine.values("group_id"))

    @admin.display(description=_("result"))
    def result_shown(self, row: GroupResult) -> str:
        return shown.text(row.result or "")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            mine = permissions.jobs(person(request)).filter(group_id=row.group_id)
            row.jobs = list(mine.exclude(group_id="").only("pk", "state")[:_MOST_JOBS])
        return row

    @admin.display(description=_("jobs"))
    def jobs_shown(self, row: Any) -> str:
        links = (
            (self.to(Job, job.pk), shown.part("jobs/state.html", job=job)) for job in row.jobs
        )
        return format_html_join("", "<div>{} {}</div>", links) or shown.NOTHING
