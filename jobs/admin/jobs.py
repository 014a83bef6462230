"""Jobs: looked at, and changed by verbs only."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django_celery_results.models import TaskResult

from jobs import permissions, registry
from jobs.models import Job, Task
from jobs.reading import lines
from jobs.reading.progress import Progress
from jobs.reading.spans import duration
from jobs.reading.verbs import Verb, offered
from jobs.states import State

from . import shown
from .calendar import DatedList
from .filters import (
    OwnerFilter,
    QueueFilter,
    ScheduleFilter,
    StalledFilter,
    TaskFilter,
    WorkerFilter,
)
from .inlines import ArtifactInline, AttemptInline, EventInline
from .job_actions import JobActions
from .rules import ReadOnly, page_of, person

_IN_LIST = (
    "id", "task", "state", "waiting_for", "requested", "progress", "owner", "schedule__name",
    "queue", "worker", "attempt", "created_at", "started_at", "finished_at",
)  # fmt: skip
_WHERE_THERE_IS = (
    "error_type", "error_shown", "traceback_shown", "queued_at", "started_at", "finished_at",
    "not_before", "expires_at", "due_at", "tags_shown", "note",
)  # fmt: skip
_MOST_TASKS = 50
_TAIL = 50


class JobList(DatedList):
    """The columns of the list only: parameters and results may have megabytes."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        rows = super().get_queryset(request, *args, **kwargs)
        return rows.select_related("owner", "schedule").only(*_IN_LIST)


@page_of(Job)
class JobAdmin(JobActions, ReadOnly):
    change_form_template = "admin/jobs/job/change_form.html"
    list_display = ("state_shown", "title", "created", "took", "owner_name", "schedule_name",
                    "queue_name", "worker", "attempt")  # fmt: skip
    list_display_links = ("title",)
    list_filter = ("state", StalledFilter, TaskFilter, QueueFilter, OwnerFilter,
                   ScheduleFilter, WorkerFilter)  # fmt: skip
    date_hierarchy = "created_at"
    # What is searched says `get_search_results`; without a name here there is no box.
    search_fields = ("id",)
    search_help_text = _("The beginning of an id, or a part of the name of a task")
    sortable_by = ("created",)
    inlines = (AttemptInline, EventInline, ArtifactInline)
    fieldsets = (
        (None, {"fields": (
            "task_name", "owner_name", "schedule_name", "queue_name", "worker",
            "attempt", "priority", "tags_shown", "note", "celery_result",
        )}),
        (_("Parameters and result"), {"fields": ("params_shown", "result_shown")}),
        (_("Error"), {"fields": ("error_type", "error_shown", "traceback_shown")}),
        (_("Times"), {"fields": (
            "created_at", "queued_at", "started_at", "finished_at", "not_before",
            "expires_at", "due_at", "took",
        )}),
        (_("Technical"), {"classes": ("collapse",), "fields": (
            "waiting_for", "requested", "retries", "max_retries", "lost", "on_lost",
            "soft_time_limit", "time_limit", "lease_shown", "lease_expires_at", "ring_at",
            "rings", "version", "log_lines", "errors_count", "ignore_result", "root_id",
            "parent_id", "group_id", "run_again_from", "checkpoint_shown",
        )}),
    )  # fmt: skip
    readonly_fields = [str(name) for _title, part in fieldsets for name in part["fields"]]

    def seen_by(self, user: permissions.Person) -> QuerySet[Job]:
        # No join with the task: a job may name one that has no row here.
        return permissions.jobs(user).select_related("owner")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What there is of it; a traceback shows code and values, and is for the owner and
        who manages the task."""
        if obj is None:
            return self.fieldsets
        hidden = {name for name in _WHERE_THERE_IS if not getattr(obj, name.split("_shown")[0])}
        if not permissions.may_read_traces(person(request), obj):
            hidden.add("traceback_shown")
        told = [(title, _without(part, hidden)) for title, part in self.fieldsets]
        return [(title, part) for title, part in told if part["fields"]]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            each for each in self.inlines if obj and each.model.objects.filter(job=obj).exists()
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DatedList]:
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

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With what is going on now: state, progress, the verbs that make sense, the end of
        the log."""
        job = context["original"]
        context |= {"job": job, "progress": Progress.of(job)}
        context |= {
            "verbs": self._offered(request, job),
            "log": lines.after(job, max(lines.last_number(job) - _TAIL, 0), limit=_TAIL),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def _offered(self, request: HttpRequest, job: Job) -> list[Verb]:
        actions = self.get_actions(request)
        return [verb for verb in offered(person(request), job) if verb.name in actions]

    # What is shown.

    @admin.display(description=_("job"))
    def title(self, job: Job) -> str:
        return format_html("{}<small>{}</small>", job.task_id, job.pk)

    @admin.display(description=_("state"))
    def state_shown(self, job: Job) -> str:
        """And how far it is."""
        if not (job.is_active or job.state == State.PAUSED):
            return shown.part("jobs/state.html", job=job, full=True)
        return shown.part("admin/jobs/job/state.html", job=job, progress=Progress.of(job))

    @admin.display(description=_("asked"), ordering="created_at")
    def created(self, job: Job) -> str:
        return date_format(localtime(job.created_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("tags"))
    def tags_shown(self, job: Job) -> str:
        return ", ".join(map(str, job.tags))

    @admin.display(description=_("took"))
    def took(self, job: Job) -> str:
        end = job.finished_at or (timezone.now() if job.is_active else None)
        took = end - job.started_at if end and job.started_at else None
        return duration(took)

    @admin.display(description=_("task"))
    def task_name(self, job: Job) -> str:
        return self.to(Task, job.task_id)

    @admin.display(description=_("owner"))
    def owner_name(self, job: Job) -> str:
        return self.chosen_by("owner", job.owner.get_username()) if job.owner else shown.NOTHING

    @admin.display(description=_("schedule"))
    def schedule_name(self, job: Job) -> str:
        if not job.schedule:
            return shown.NOTHING
        return self.chosen_by("schedule", str(job.schedule_id), job.schedule.name)

    @admin.display(description=_("queue"))
    def queue_name(self, job: Job) -> str:
        return self.chosen_by("queue", job.queue)

    @admin.display(description=_("Celery's result"))
    def celery_result(self, job: Job) -> str:
        key = TaskResult.objects.filter(task_id=job.pk).values_list("pk", flat=True).first()
        return self.to(TaskResult, key, _("Open")) if key else shown.NOTHING

    @admin.display(description=_("run again from"))
    def run_again_from(self, job: Job) -> str:
        key = job.retry_of_id
        return self.to(Job, key) if key else shown.NOTHING

    @admin.display(description=_("parameters"))
    def params_shown(self, job: Job) -> str:
        return shown.json(registry.shown(job.task_id, job.params))

    @admin.display(description=_("result"))
    def result_shown(self, job: Job) -> str:
        return shown.json(job.result)

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


def _without(part: Any, hidden: set[str]) -> dict[str, Any]:
    return {**part, "fields": tuple(each for each in part["fields"] if each not in hidden)}
