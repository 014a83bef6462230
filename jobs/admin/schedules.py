"""Schedules: django-celery-beat's rows behind our rules. Stock, whoever may look at them
runs them, and whoever edits one runs anything under any header."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django_celery_beat import admin as stock
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.reading.given import given_to
from jobs.scheduling.entries import tell
from jobs.scheduling.timings import next_turn, words
from jobs.states import State

from . import shown
from .record import difference, snapshot
from .rules import page_of, person
from .schedule_actions import ScheduleActions
from .schedule_form import FIELDS, ScheduleForm
from .schedule_words import flaws, odd_options, told

# Importing them has registered the stock pages, so that they can be taken away whatever
# the order of INSTALLED_APPS.
__all__ = ["ScheduleAdmin", "stock"]

_MOST_CHOICES = 500
_WHEN = ("interval", "crontab", "solar", "clocked", "start_time", "one_off")
_LIMITS = ("priority", "expires", "expire_seconds")
_KEPT = ("odd", "last_run_at", "total_run_count", "date_changed")
_STATE = ("when", "next_turn", "flaws")
_ABOUT = ("name", "task", "enabled", "description")


@page_of(PeriodicTask)
class ScheduleAdmin(ScheduleActions):
    form = ScheduleForm
    list_display = ("name", "task", "enabled", "when", "next_turn", "last_run_at", "last_job",
                    "flaws")  # fmt: skip
    list_filter = ("enabled", "one_off")
    search_fields = ("name", "task")
    ordering = ("name",)
    sortable_by = ("name", "task", "last_run_at")
    readonly_fields = (*_STATE, "given", *_KEPT)

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
        return self.has_change_permission(request, obj)

    # The form.

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees the parameters masked, and no field that holds them."""
        state, kept = (_STATE, _KEPT) if obj else ((), ())
        may_edit = obj is None or self.has_change_permission(request, obj)
        params = ("args", "kwargs") if may_edit else ("given",)
        sections = [
            (None, (*_ABOUT, *state)),
            (_("When"), _WHEN),
            (_("Parameters"), params),
            (_("Limits"), _LIMITS),
            (_("Technical"), kept),
        ]
        return [(title, {"fields": fields}) for title, fields in sections if fields]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = person(request)  # a class made for this request
        return form

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """A list to choose from, unless it is longer than anybody reads."""
        rows = db_field.remote_field.model._default_manager.order_by()
        if rows[: _MOST_CHOICES + 1].count() > _MOST_CHOICES:
            kwargs["widget"] = ForeignKeyRawIdWidget(db_field.remote_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    # What is changed.

    def save_model(
        self, request: HttpRequest, obj: PeriodicTask, form: Any, change: bool
    ) -> None:
        """The fields of the form only: beat writes the others while a person edits."""
        user = person(request)
        if not change:
            obj.save()
            tell(obj, "create", by=user, after=told(obj))
            return
        before = PeriodicTask.objects.get(pk=obj.pk)
        also = ["date_changed"] if obj.enabled else ["date_changed", "last_run_at"]
        obj.save(update_fields=[*FIELDS, *also])
        old, new = difference(snapshot(before, FIELDS), snapshot(obj, FIELDS))
        if new:
            changes = {"before": told(before, tuple(old)), "after": told(obj, tuple(new))}
            tell(obj, "edit", by=user, **changes)

    def delete_model(self, request: HttpRequest, obj: PeriodicTask) -> None:
        with transaction.atomic():
            tell(obj, "delete", by=person(request), before=told(obj))
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        with transaction.atomic():
            for entry in queryset:
                self.delete_model(request, entry)

    # What is shown.

    @admin.display(description=_("when"))
    def when(self, entry: PeriodicTask) -> str:
        return words(entry.scheduler)

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

    @admin.display(description=_("set elsewhere"))
    def odd(self, entry: PeriodicTask) -> str:
        return shown.json(odd_options(entry))
