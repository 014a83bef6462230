"""Schedules: django-celery-beat's rows behind our rules. Stock, whoever may look at them
runs them, and whoever edits one runs anything under any header."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_celery_beat import admin as stock
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.execution.order import Order
from jobs.params import Invalid
from jobs.reading import ahead
from jobs.reading.given import given_to
from jobs.scheduling import coded, edit
from jobs.scheduling.timings import next_turn, words
from jobs.states import State

from . import shown
from .rules import page_of, person
from .schedule_actions import ScheduleActions
from .schedule_filters import FILTERS
from .schedule_form import DeskForm, drawn
from .schedule_words import flaws, odd_options, state_of

# Importing them has registered the stock pages, so that they can be taken away whatever
# the order of INSTALLED_APPS.
__all__ = ["ScheduleAdmin", "stock"]

_RESET = "_reset"
_STATE = (None, {"fields": ("state", "next_turn", "flaws")})
_KEPT = (_("Technical"), {"fields": ("odd", "last_run_at", "total_run_count", "date_changed")})
_SAID = (None, {"fields": ("name", "task", "when", "description")})
_GIVEN = (_("Parameters"), {"fields": ("given",)})
_POLICY = (_("How it comes and how its jobs run"), {"fields": ("policy_shown",)})


@page_of(PeriodicTask)
class ScheduleAdmin(ScheduleActions):
    change_form_template = "admin/jobs/schedule/change_form.html"
    list_display = (
        "name",
        "task",
        "state",
        "when",
        "next_turn",
        "last_job",
        "overlap",
        "flaws",
    )
    list_filter = FILTERS
    search_fields = ("name", "task")
    ordering = ("name",)
    sortable_by = ("name", "task")

    def seen_by(self, user: permissions.Person) -> QuerySet[PeriodicTask]:
        rows: QuerySet[PeriodicTask] = permissions.schedules(user)
        return rows.select_related("interval", "crontab", "solar", "clocked", "policy")

    def changed_by(self, user: permissions.Person) -> QuerySet[PeriodicTask]:
        return permissions.schedules(user, "manage")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        jobs = permissions.jobs(person(request)).filter(schedule=OuterRef("pk"))
        last = jobs.order_by("-created_at", "-id")
        found = {"last_id": last.values("pk")[:1], "last_state": last.values("state")[:1]}
        rows: QuerySet[PeriodicTask] = super().get_queryset(request).annotate(**found)
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return permissions.may_schedule(person(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_of_code = obj is not None and bool(obj.policy.key)
        return not is_of_code and self.has_change_permission(request, obj)

    # The form.

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """For who may only look; who may edit gets the form."""
        return (_SAID, _STATE, _GIVEN, _POLICY, _KEPT)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change, **kwargs)
        return type("Desk", (DeskForm,), {"person": person(request)})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {name: request.GET[name] for name in ("task",) if name in request.GET}

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and _RESET in request.POST:
            return self._reset(request, *args)
        return super().changeform_view(request, *args, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form, entry = context["adminform"].form, context["original"]
        if isinstance(form, DeskForm):
            context["adminform"] = drawn(self, form, (_STATE, _KEPT) if entry else ())
            row = form.sketch()
            context["form"] = form
            context["preview"] = ahead.preview(form.user, row) if row else None
            context["is_edited"] = entry is not None and coded.is_edited(entry.policy)
        return super().render_change_form(request, context, *args, **kwargs)

    # What is changed: the form has called the verb already.

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(
        self, request: HttpRequest, obj: PeriodicTask, form: Any, change: bool
    ) -> None:
        """Nothing is left to be stored."""

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Nor is there anything beside it."""

    def delete_model(self, request: HttpRequest, obj: PeriodicTask) -> None:
        edit.delete(obj.pk, Order(request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        for entry in queryset:
            try:
                self.delete_model(request, entry)
            except Invalid as reason:
                told = gettext("%(name)s was not deleted: %(problem)s")
                facts = {"name": entry.name, "problem": reason}
                self.message_user(request, told % facts, messages.ERROR)

    def _reset(self, request: HttpRequest, object_id: str = "", *args: Any) -> HttpResponse:
        """Back to what the code says."""
        entry = self.get_object(request, object_id)  # None for what is no key
        if entry is None:
            raise Http404
        permissions.schedule(person(request), "manage", entry.pk)
        if coded.reset(entry.policy, by=request.user):
            self.message_user(request, gettext("It is as in the code again."), messages.SUCCESS)
        return HttpResponseRedirect(self.address_of(entry.pk))

    # What is shown.

    @admin.display(description=_("state"))
    def state(self, entry: PeriodicTask) -> str:
        return state_of(entry)

    @admin.display(description=_("when"))
    def when(self, entry: PeriodicTask) -> str:
        return words(entry.scheduler)

    @admin.display(description=_("overlap"))
    def overlap(self, entry: PeriodicTask) -> str:
        return str(entry.policy.get_overlap_display())

    @admin.display(description=_("next"))
    def next_turn(self, entry: PeriodicTask) -> str:
        moment = next_turn(entry)
        return date_format(localtime(moment), "DATETIME_FORMAT") if moment else shown.NOTHING

    @admin.display(description=_("last job"))
    def last_job(self, entry: PeriodicTask) -> str:
        if not entry.last_state:
            return shown.NOTHING
        return shown.link(State(entry.last_state).label, "jobs:job", entry.last_id)

    @admin.display(description=_("to look at"))
    def flaws(self, entry: PeriodicTask) -> str:
        return "; ".join(flaws(entry)) or shown.NOTHING

    @admin.display(description=_("parameters"))
    def given(self, entry: PeriodicTask) -> str:
        return shown.json(given_to(entry))

    @admin.display(description=_("rules"))
    def policy_shown(self, entry: PeriodicTask) -> str:
        told = edit.told(entry.policy)
        return shown.json({name: told[name] for name in told if name not in ("params", "args")})

    @admin.display(description=_("set elsewhere"))
    def odd(self, entry: PeriodicTask) -> str:
        return shown.json(odd_options(entry))
