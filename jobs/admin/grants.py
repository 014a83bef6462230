"""Grants: which groups are given tasks by pattern or tag. For superusers, and for those
who hold Django's permissions on the model: to give rights away is to have them all."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Grant

from . import shown
from .record import difference, snapshot, tell
from .rules import WithoutActions, page_of, person

FIELDS = ("group", "role", "pattern", "tag")
_MOST_SHOWN = 100


@page_of(Grant)
class GrantAdmin(WithoutActions):
    list_display = ("group", "role", "pattern", "tag", "reach")
    list_display_links = ("group", "pattern", "tag")
    list_filter = ("role",)
    list_select_related = ("group",)
    search_fields = ("group__name", "pattern", "tag")
    fields = (*FIELDS, "given")
    readonly_fields = ("given",)

    def seen_by(self, user: permissions.Person) -> QuerySet[Grant]:
        return Grant.objects.all() if _may_see(user) else Grant.objects.none()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_see(person(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person(request).has_perm("jobs.change_grant")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return person(request).has_perm("jobs.add_grant")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person(request).has_perm("jobs.delete_grant")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        rows: QuerySet[Grant] = super().get_queryset(request)
        return rows.annotate(reached=Count("tasks"))

    @admin.display(description=_("tasks"))
    def reach(self, grant: Any) -> int:
        reached: int = grant.reached
        return reached

    @admin.display(description=_("tasks"))
    def given(self, grant: Grant) -> str:
        """What the pattern or tag means today."""
        names = grant.tasks.values_list("pk", flat=True) if grant.pk else ()
        return shown.text("\n".join(names[:_MOST_SHOWN]))

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:
        before = snapshot(Grant.objects.get(pk=obj.pk), FIELDS) if change else {}
        obj.save()
        old, new = difference(before, snapshot(obj, FIELDS))
        if new:
            verb = "edit" if change else "create"
            tell(request, verb, subject=_subject(obj), before=old or None, after=new)

    def delete_model(self, request: HttpRequest, obj: Grant) -> None:
        tell(request, "delete", subject=_subject(obj), before=snapshot(obj, FIELDS))
        obj.delete()


def _may_see(user: permissions.Person) -> bool:
    return any(user.has_perm(f"jobs.{verb}_grant") for verb in ("view", "change"))


def _subject(grant: Grant) -> str:
    return f"grant {grant.pk}"
