"""Crontabs, intervals and their like. Several schedules may share one row: who changes it
must manage all of them, and nobody deletes one that is used (stock, that deletes the
schedules with it)."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from jobs import permissions
from jobs.permissions import may_schedule
from jobs.scheduling.timings import (
    refuse_impossible_crontab,
    refuse_impossible_interval,
    words,
)

from .paging import BoundedFormSet
from .record import difference, snapshot, tell
from .rules import ModelForm, OwnRules, ReadOnlyInline, page_of, person

_CRON = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone")


class CrontabForm(ModelForm):
    class Meta:
        model = CrontabSchedule
        fields = _CRON

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            refuse_impossible_crontab(CrontabSchedule(**values))
        return values


class IntervalForm(ModelForm):
    class Meta:
        model = IntervalSchedule
        fields = ("every", "period")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            refuse_impossible_interval(IntervalSchedule(**values))
        return values


class UsedByInline(ReadOnlyInline):
    """The schedules that share the row, as far as the person may see them."""

    model = PeriodicTask
    formset = BoundedFormSet
    fields = readonly_fields = ("name", "task", "enabled")
    show_change_link = True
    verbose_name_plural = _("schedules that use it")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = permissions.schedules(person(request)).order_by("name")
        return rows


class TimingAdmin(OwnRules):
    """`column` is how a schedule refers to these rows."""

    column: str
    inlines = (UsedByInline,)
    readonly_fields: ClassVar[Any] = ("in_words",)
    list_display: Any = ("__str__", "in_words", "used")

    def seen_by(self, user: permissions.Person) -> QuerySet[Any]:
        """All for who must choose among them; else those of schedules in sight."""
        rows: QuerySet[Any] = self.model._default_manager.all()
        if may_schedule(user):
            return rows
        return rows.filter(Exists(self._users(permissions.schedules(user))))

    def changed_by(self, user: permissions.Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.all()
        if not may_schedule(user):
            return rows.none()
        managed = permissions.schedules(user, "manage").values("pk")
        return rows.exclude(Exists(self._users(PeriodicTask.objects.exclude(pk__in=managed))))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        seen = permissions.schedules(person(request)).values("pk")
        used = Count("periodictask", filter=Q(periodictask__in=seen))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(users=used)
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        words = ("in_words",) if obj else ()
        return ((None, {"fields": (*words, *self._fields)}),)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        # Nothing of them is sent back; Django would miss it.
        return self.inlines if obj and request.method != "POST" else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_schedule(person(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.periodictask_set.exists():
            return False
        return may_schedule(person(request))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        names = self._fields
        before: dict[str, Any] = {}
        if change:
            before = snapshot(type(obj).objects.get(pk=obj.pk), names)
        super().save_model(request, obj, form, change)
        old, new = difference(before, snapshot(obj, names))
        if new:
            verb = "edit" if change else "create"
            self._tell(request, obj, verb, before=old if change else None, after=new)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self._tell(request, obj, "delete", before=snapshot(obj, self._fields))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for row in queryset:
                self.delete_model(request, row)

    def _users(self, schedules: QuerySet[PeriodicTask]) -> QuerySet[PeriodicTask]:
        users: QuerySet[PeriodicTask] = schedules.filter(**{self.column: OuterRef("pk")})
        return users

    def _tell(self, request: HttpRequest, row: Any, verb: str, **facts: Any) -> None:
        tell(request, verb, subject=f"{self.column} {row}"[:255], **facts)

    @property
    def _fields(self) -> tuple[str, ...]:
        return tuple(self.form._meta.fields or ())

    @admin.display(description=_("in words"))
    def in_words(self, row: Any) -> str:
        return words(row)

    @admin.display(description=_("schedules that use it"))
    def used(self, row: Any) -> int:
        return int(row.users)


@page_of(CrontabSchedule)
class CrontabAdmin(TimingAdmin):
    column = "crontab"
    form = CrontabForm


@page_of(IntervalSchedule)
class IntervalAdmin(TimingAdmin):
    column = "interval"
    form = IntervalForm
    list_display = ("__str__", "used")


class SolarForm(ModelForm):
    class Meta:
        model = SolarSchedule
        fields = ("event", "latitude", "longitude")


@page_of(SolarSchedule)
class SolarAdmin(TimingAdmin):
    column = "solar"
    form = SolarForm
    list_display = ("__str__", "used")


class ClockedForm(ModelForm):
    class Meta:
        model = ClockedSchedule
        fields = ("clocked_time",)


@page_of(ClockedSchedule)
class ClockedAdmin(TimingAdmin):
    column = "clocked"
    form = ClockedForm
    list_display = ("__str__", "used")
