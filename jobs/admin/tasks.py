"""Tasks: the half of them that operators write. The other half is the code's."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Task
from jobs.scheduling.fire import HIGHEST_PRIORITY
from jobs.states import State

from . import shown
from .record import difference, snapshot, tell
from .rules import ModelForm, WithoutActions, page_of, person

POLICY = ("enabled", "queue", "priority", "soft_time_limit", "time_limit", "stall_after")
GROUPS = ("viewers", "runners", "managers")
CODE = ("name", "title", "description", "tags", "condition")

_QUEUE = RegexValidator(
    r"\A[\w.:@-]+\Z", _("The name of a queue is made of letters, digits and . : @ - _")
)
_PRIORITY = MaxValueValidator(HIGHEST_PRIORITY)
_LIMIT = (MinValueValidator(0.1), MaxValueValidator(31_536_000))


class TaskForm(ModelForm):
    """What operators say of a task; empty means "as the code says"."""

    class Meta:
        model = Task
        fields = (*POLICY, *GROUPS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        validators: dict[str, list[Any]] = {"queue": [_QUEUE], "priority": [_PRIORITY]}
        limits = ("soft_time_limit", "time_limit", "stall_after")
        validators |= {name: [*_LIMIT] for name in limits}
        for name in {*validators} & {*self.fields}:
            self.fields[name].validators += validators[name]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        soft, hard = values.get("soft_time_limit"), values.get("time_limit")
        if soft and hard and soft >= hard:
            raise ValidationError(
                {"soft_time_limit": _("The soft limit must come before the hard one.")}
            )
        return values


@page_of(Task)
class TaskAdmin(WithoutActions):
    """Those who manage a task change its policy; nobody makes or deletes one here."""

    form = TaskForm
    list_display = ("name", "title", "enabled", "queue", "priority", "limits", "condition",
                    "last_job", "run")  # fmt: skip
    list_filter = ("enabled",)
    search_fields = ("name", "title")
    ordering = ("name",)
    sortable_by = ("name", "title", "enabled", "queue", "priority")
    filter_horizontal = GROUPS
    readonly_fields = (*CODE, "traceback", "run", "last_job", "limits")
    fieldsets = (
        (_("What the code says"), {"fields": (*CODE, "last_job", "run")}),
        (_("What operators say"), {"fields": POLICY}),
        (_("Who may"), {"fields": GROUPS}),
    )

    def seen_by(self, user: permissions.Person) -> QuerySet[Task]:
        return permissions.tasks(user)

    def changed_by(self, user: permissions.Person) -> QuerySet[Task]:
        return permissions.tasks(user, "manage")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        jobs = permissions.jobs(person(request)).filter(task=OuterRef("pk"))
        last = jobs.order_by("-created_at", "-id")
        rows: QuerySet[Task] = super().get_queryset(request)
        return rows.annotate(
            last_id=last.values("pk")[:1], last_state=last.values("state")[:1]
        )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or not obj.error or not person(request).is_superuser:
            return self.fieldsets
        return ((_("It could not be imported"), {"fields": ("traceback",)}), *self.fieldsets)

    # What is shown.

    @admin.display(description=_("condition"))
    def condition(self, row: Task) -> Any:
        if row.error:
            return _("broken: it could not be imported")
        return _("missing from the code") if row.missing_at else shown.NOTHING

    @admin.display(description=_("traceback"))
    def traceback(self, row: Task) -> str:
        return shown.text(row.error)

    @admin.display(description=_("soft and hard limit"))
    def limits(self, row: Task) -> str:
        limits = (row.soft_time_limit, row.time_limit)
        return " / ".join("-" if each is None else f"{each:g} s" for each in limits)

    @admin.display(description=_("last job"))
    def last_job(self, row: Any) -> str:
        state = row.last_state
        return shown.link(State(state).label, "jobs:job", row.last_id) if state else "-"

    @admin.display(description=_("run"))
    def run(self, row: Task) -> str:
        return shown.link(_("Run…"), "jobs:task", row.pk) if row.is_runnable else shown.NOTHING

    # What is changed.

    def save_model(self, request: HttpRequest, obj: Task, form: Any, change: bool) -> None:
        """The columns of operators only: the others may be written by a worker's start."""
        before = Task.objects.select_for_update().get(pk=obj.pk)
        form.before = snapshot(before, TaskForm.Meta.fields)
        obj.save(update_fields=POLICY)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        after = snapshot(form.instance, TaskForm.Meta.fields)
        old, new = difference(form.before, after)
        if new:
            tell(request, "edit", task=form.instance, before=old, after=new)
