"""Jobs, to look at: what one does to jobs is done on our own pages."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Job

from . import shown
from .filters import OwnerFilter, QueueFilter, TaskFilter
from .inlines import ArtifactInline, AttemptInline, EventInline
from .job_actions import JobActions
from .rules import ReadOnly, page_of, person

_IN_LIST = ("id", "task", "state", "owner", "queue", "created_at", "finished_at")
_MOST_TASKS = 50


class JobList(ChangeList):
    """The columns of the list only: parameters and results may have megabytes."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().get_queryset(request, *args, **kwargs).only(*_IN_LIST)


@page_of(Job)
class JobAdmin(JobActions, ReadOnly):
    list_display = ("id", "task_name", "state", "owner_name", "queue", "created_at",
                    "finished_at", "page")  # fmt: skip
    list_filter = ("state", TaskFilter, QueueFilter, OwnerFilter, "created_at")
    # What is searched says `get_search_results`; without a name here there is no box.
    search_fields = ("id",)
    search_help_text = _("The beginning of an id, or a part of the name of a task")
    sortable_by = ("created_at",)
    inlines = (AttemptInline, EventInline, ArtifactInline)
    fieldsets = (
        (None, {"fields": (
            "page", "task_name", "state", "waiting_for", "requested", "reason", "owner_name",
            "schedule_name", "queue", "priority", "tags", "note",
        )}),
        (_("Parameters and result"), {"fields": ("params_shown", "result_shown")}),
        (_("Progress"), {"fields": ("progress_shown", "log_lines", "errors_count")}),
        (_("Error"), {"fields": ("error_type", "error_shown", "traceback_shown")}),
        (_("Times"), {"fields": (
            "created_at", "queued_at", "started_at", "finished_at", "not_before",
            "expires_at", "due_at",
        )}),
        (_("Technical"), {"classes": ("collapse",), "fields": (
            "worker", "attempt", "retries", "max_retries", "lost", "on_lost",
            "soft_time_limit", "time_limit", "lease_shown", "lease_expires_at", "ring_at",
            "rings", "version", "ignore_result", "root_id", "parent_id", "group_id",
            "retry_of_id", "checkpoint_shown",
        )}),
    )  # fmt: skip
    readonly_fields = [str(name) for _title, part in fieldsets for name in part["fields"]]

    def seen_by(self, user: permissions.Person) -> QuerySet[Job]:
        # No join with the task: a job may name one that has no row here.
        return permissions.jobs(user).select_related("owner")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A traceback shows code and values: for the owner and who manages the task."""
        if obj is None or permissions.may_read_traces(person(request), obj):
            return self.fieldsets
        return [(title, _without(part, "traceback_shown")) for title, part in self.fieldsets]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return JobList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        """By the beginning of an id and by task, both of which have an index."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        alike = permissions.tasks(person(request)).filter(
            Q(name__icontains=term) | Q(title__icontains=term)
        )
        names = [term, *alike.values_list("pk", flat=True)[:_MOST_TASKS]]
        return queryset.filter(Q(id__startswith=term) | Q(task__in=names)), False

    # What is shown.

    @admin.display(description=_("task"))
    def task_name(self, job: Job) -> str:
        return job.task_id

    @admin.display(description=_("owner"))
    def owner_name(self, job: Job) -> str:
        if job.owner is None:
            return shown.NOTHING
        name = job.owner.get_username()
        query = urlencode({"owner": name})
        address = reverse(f"{self.admin_site.name}:jobs_job_changelist")
        return format_html('<a href="{}?{}">{}</a>', address, query, name)

    @admin.display(description=_("page"))
    def page(self, job: Job) -> str:
        return shown.link(_("Open"), "jobs:job", job.pk)

    @admin.display(description=_("schedule"))
    def schedule_name(self, job: Job) -> str:
        return job.schedule.name if job.schedule else shown.NOTHING

    @admin.display(description=_("parameters"))
    def params_shown(self, job: Job) -> str:
        return shown.json(shown.params(job))

    @admin.display(description=_("result"))
    def result_shown(self, job: Job) -> str:
        return shown.json(job.result)

    @admin.display(description=_("progress"))
    def progress_shown(self, job: Job) -> str:
        return shown.json(job.progress)

    @admin.display(description=_("checkpoint"))
    def checkpoint_shown(self, job: Job) -> str:
        return shown.json(job.checkpoint)

    @admin.display(description=_("error"))
    def error_shown(self, job: Job) -> str:
        return shown.text(job.error)

    @admin.display(description=_("traceback"))
    def traceback_shown(self, job: Job) -> str:
        return shown.text(job.traceback)

    @admin.display(description=_("lease"))
    def lease_shown(self, job: Job) -> str:
        # Whoever holds the whole of it may write for the worker.
        return f"{job.lease[:8]}…" if job.lease else shown.NOTHING


def _without(part: Any, name: str) -> dict[str, Any]:
    return {**part, "fields": tuple(each for each in part["fields"] if each != name)}
