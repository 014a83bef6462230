"""Tasks: the half of them that operators write. The other half is the code's."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.dispatch.policy import EDITED
from jobs.execution import policy
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Job, Task
from jobs.params import Invalid
from jobs.reading import runs
from jobs.reading.coming import next_of_each
from jobs.reading.policy import queue_of, when_empty
from jobs.reading.spans import duration

from . import shown
from .calendar import DatedList
from .rules import ModelForm, page_of, person
from .task_actions import TaskActions
from .task_filters import ConditionFilter, TagFilter, WorkQueueFilter
from .task_run import TaskRun

POLICY, GROUPS = EDITED, policy.GROUPS
CODE = ("name", "title", "description", "tags", "condition")


class TaskForm(ModelForm):
    """What operators say of a task; empty means "as the code says"."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=MOST_REASON,
        required=False,
        help_text=_("Kept with what you change."),
        widget=AdminTextInputWidget,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    by: Any = None

    class Meta:
        model = Task
        fields = (*POLICY, *GROUPS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = policy.fingerprint(self.instance)
        for name in ({*POLICY} & {*self.fields}) - {"enabled"}:
            field = self.fields[name]
            field.help_text = f"{field.help_text} {when_empty(self.instance.pk, name)}".strip()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        # Held until what was seen is replaced.
        now = Task.objects.select_for_update().get(pk=self.instance.pk)
        if values.get("seen") and values["seen"] != policy.fingerprint(now):
            self.add_error(None, policy.OUTDATED)
        try:
            changes = {name: values.get(name) for name in POLICY}
            policy.refuse_wrong(changes, self.by, own_queue=now.queue, name=now.pk)
        except Invalid as invalid:
            for name, problems in invalid.fields.items():
                self.add_error(name, problems)
        return values


@page_of(Task)
class TaskAdmin(TaskRun, TaskActions):
    """Those who manage a task change its policy; nobody makes or deletes one here."""

    form = TaskForm
    list_display = ("heading", "run", "last_job", "next_fire", "usual", "enabled",
                    "queue_shown", "tags_shown")  # fmt: skip
    list_filter = ("enabled", ConditionFilter, WorkQueueFilter, TagFilter)
    search_fields = ("name", "title")
    ordering = ("name",)
    sortable_by = ("heading", "enabled")
    filter_horizontal = GROUPS
    readonly_fields = (*CODE, "traceback", "run", "last_job", "usual", "next_fire")
    fieldsets = (
        (_("What the code says"), {"fields": CODE}),
        (_("How it does"), {"fields": ("last_job", "usual", "next_fire", "run")}),
        (_("What operators say"), {"fields": POLICY}),
        (_("Who may"), {"fields": GROUPS}),
    )

    def seen_by(self, user: permissions.Person) -> QuerySet[Task]:
        return permissions.tasks(user)

    def changed_by(self, user: permissions.Person) -> QuerySet[Task]:
        return permissions.tasks(user, "manage")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        jobs = permissions.jobs(person(request))
        last = jobs.filter(task=OuterRef("pk")).order_by("-created_at", "-id")
        rows: QuerySet[Task] = super().get_queryset(request)
        return rows.annotate(
            last_id=last.values("pk")[:1],
            last_state=last.values("state")[:1],
            recent=runs.last_runs(jobs),
            may_run=Exists(permissions.tasks(person(request), "run").filter(pk=OuterRef("pk"))),
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DatedList]:
        return TaskList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            note_turns(person(request), [row])
        return row

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"by": request.user})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sections = [*self.fieldsets]
        if obj and obj.error and person(request).is_superuser:
            sections.insert(0, (_("It could not be imported"), {"fields": ("traceback",)}))
        if self.has_change_permission(request, obj):
            sections.append((_("Why"), {"fields": ("reason", "seen")}))
        return sections

    # What is shown.

    @admin.display(description=_("condition"))
    def condition(self, row: Task) -> Any:
        if row.error:
            return _("broken: it could not be imported")
        return _("missing from the code") if row.missing_at else shown.NOTHING

    @admin.display(description=_("traceback"))
    def traceback(self, row: Task) -> str:
        return shown.text(row.error)

    @admin.display(description=_("task"), ordering="name")
    def heading(self, row: Task) -> str:
        note = self.condition(row) if row.error or row.missing_at else ""
        return format_html("{}<small>{} {}</small>", row.name, row.title, shown.bad(note))

    @admin.display(description=_("last job"))
    def last_job(self, row: Any) -> str:
        if not row.last_state:
            return shown.NOTHING
        return self.to(Job, row.last_id, shown.part("jobs/state.html", job=last_of(row)))

    @admin.display(description=_("next fire"))
    def next_fire(self, row: Any) -> str:
        if row.next_turn is None:
            return str(_("not looked up")) if row.turns_are_cut else shown.NOTHING
        return date_format(localtime(row.next_turn), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("usual duration"))
    def usual(self, row: Any) -> str:
        return duration(runs.told(row.recent).usual) or shown.NOTHING

    @admin.display(description=_("queue"))
    def queue_shown(self, row: Task) -> str:
        queue = queue_of(row)
        return self.chosen_by("queue", queue) if queue else shown.NOTHING

    @admin.display(description=_("tags"))
    def tags_shown(self, row: Task) -> str:
        return format_html_join(", ", "{}", ((self.chosen_by("tag", tag),) for tag in row.tags))

    @admin.display(description=_("run"))
    def run(self, row: Any) -> str:
        if not (row.is_runnable and row.may_run):
            return shown.NOTHING
        return format_html('<a href="{}">{}</a>', self.run_address(row), _("Run…"))

    # What is changed.

    def save_model(self, request: HttpRequest, obj: Task, form: Any, change: bool) -> None:
        """By the verb that all doors call, with the groups."""
        values = {name: form.cleaned_data[name] for name in TaskForm.Meta.fields}
        policy.edit(obj.pk, Order(request.user, form.cleaned_data["reason"]), values)

    def save_related(self, *args: Any) -> None:
        """Groups were written with the rest."""


class TaskList(DatedList):
    """With the next turn of each task on the page, asked for all of them at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        note_turns(person(request), self.result_list)


def note_turns(user: permissions.Person, rows: Any) -> None:
    """Write on each task when a schedule in sight of `user` starts it next."""
    rows = list(rows)
    found, are_cut = next_of_each(permissions.schedules(user), [row.pk for row in rows])
    for row in rows:
        row.next_turn, row.turns_are_cut = found.get(row.pk), are_cut


def last_of(row: Any) -> Job:
    return Job(pk=row.last_id, state=row.last_state)
