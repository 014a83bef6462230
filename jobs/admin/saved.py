"""Saved filters: everybody's, for superusers, to look at and to delete. Who keeps one changes
it on the pages."""

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs import permissions
from jobs.models import SavedFilter

from .record import snapshot, tell
from .rules import ReadOnly, page_of, person

FIELDS = ("owner", "name", "text", "is_shared", "is_default")


@page_of(SavedFilter)
class SavedFilterAdmin(ReadOnly):
    list_display = ("name", "owner", "text", "is_shared", "is_default", "created_at")
    list_filter = ("is_shared", "is_default")
    list_select_related = ("owner",)
    search_fields = ("name", "text", f"owner__{get_user_model().USERNAME_FIELD}")
    fields = readonly_fields = (*FIELDS, "created_at")

    def seen_by(self, user: permissions.Person) -> QuerySet[SavedFilter]:
        return SavedFilter.objects.all() if user.is_superuser else SavedFilter.objects.none()

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return person(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return person(request).is_superuser

    def delete_model(self, request: HttpRequest, obj: SavedFilter) -> None:
        before = snapshot(obj, FIELDS)
        tell(request, "delete", subject=f"saved filter {obj.pk}", before=before)
        obj.delete()
