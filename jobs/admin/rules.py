"""What all our pages in the admin share: who may is asked of `permissions`, never of
Django's permissions on models, and nothing can be searched that is not shown."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from jobs import permissions

from .paging import BoundedPaginator

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline
    ModelForm = forms.ModelForm


def person(request: HttpRequest) -> permissions.Person:
    """Who asks."""
    return cast(permissions.Person, request.user)


_PAGES: dict[type[Model], type[ModelAdmin]] = {}


def page_of(model: type[Model]) -> Any:
    """The decorated page is the one of `model` on every site that `register` is told of."""

    def keep(page: type[ModelAdmin]) -> type[ModelAdmin]:
        _PAGES[model] = page
        return page

    return keep


def register(site: admin.AdminSite) -> None:
    """Put our pages on `site`, in place of what others registered for the same rows."""
    for model, page in _PAGES.items():
        if site.is_registered(model):
            site.unregister(model)
        site.register(model, page)


class OwnRules(ModelAdmin):
    """A page whose rows are `seen_by` a person; those of `changed_by` they may change."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would count all rows
    list_per_page = 50
    list_max_show_all = 200
    sortable_by: ClassVar[Any] = ()

    def seen_by(self, user: permissions.Person) -> QuerySet[Any]:
        raise NotImplementedError

    def changed_by(self, user: permissions.Person) -> QuerySet[Any]:
        """None, unless a page says otherwise."""
        return self.seen_by(user).none()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = self.seen_by(person(request))
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = person(request)
        return user.is_active and (obj is None or _holds(self.seen_by(user), obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = person(request)
        if obj is None and user.is_superuser:
            return True  # asked of every page for the index
        return _holds(self.changed_by(user), obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(
        self, lookup: str, value: Any, request: HttpRequest | None = None
    ) -> bool:
        """Only what there is a filter for: Django would let `?lease__startswith=…` and
        `?task_kwargs__contains=…` find out, letter by letter, what no page shows."""
        filters = self.list_filter if request is None else self.get_list_filter(request)
        columns = {each for each in filters if isinstance(each, str)}
        own = {getattr(each, "parameter_name", None) for each in filters}
        return lookup in own or lookup.partition("__")[0] in columns


class WithoutActions(OwnRules):
    """A page without actions, be they Django's, the site's, or those of a later version."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}


class ReadOnly(WithoutActions):
    """A page to look at."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows of something that a person may see already; the first `most` of them."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _holds(rows: QuerySet[Any], obj: Any) -> bool:
    return rows.exists() if obj is None else rows.filter(pk=obj.pk).exists()
