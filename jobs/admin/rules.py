"""What all our pages in the admin share: who may is asked of `permissions`, never of
Django's permissions on models, and nothing can be searched that is not shown."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from jobs import permissions

from .calendar import DatedList
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


_CHECKBOX = '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">'
_READING = ("GET", "HEAD")
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

    change_list_template = "admin/jobs/change_list.html"
    change_form_template = "admin/jobs/change_form.html"
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would count all rows
    list_per_page = 50
    list_max_show_all = 200
    sortable_by: ClassVar[Any] = ()

    class Media:
        css = {"all": ["jobs/css/admin.css"]}

    def seen_by(self, user: permissions.Person) -> QuerySet[Any]:
        raise NotImplementedError

    def changed_by(self, user: permissions.Person) -> QuerySet[Any]:
        """None, unless a page says otherwise."""
        return self.seen_by(user).none()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = self.seen_by(person(request))
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DatedList]:
        return DatedList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        sent = [*request.GET.lists(), *request.POST.lists()]
        if any("\0" in text for name, values in sent for text in (name, *values)):
            raise Http404  # no database takes it
        with _once(request):
            return super().changelist_view(request, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with _once(request):
            return super().changeform_view(request, *args, **kwargs)

    @admin.display(description="")
    def action_checkbox(self, obj: Any) -> SafeString:
        """As Django's, which fills a template for each row."""
        label = format_html(gettext("Select this object for an action - {}"), str(obj))
        return format_html(_CHECKBOX, ACTION_CHECKBOX_NAME, obj.pk, label)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        if "\0" in object_id:
            return None
        return super().get_object(request, object_id, from_field)

    def address_of(self, key: int | str = "", model: type[Model] | None = None) -> str:
        """Of one row on this site; without a key, of their list."""
        page, args = ("change", [quote(key)]) if key else ("changelist", [])
        meta = (model or self.model)._meta
        name = f"admin:{meta.app_label}_{meta.model_name}_{page}"
        return reverse(name, args=args, current_app=self.admin_site.name)

    def to(self, model: type[Model], key: int | str, label: object = "") -> str:
        """A link to a row's page on this site."""
        return format_html('<a href="{}">{}</a>', self.address_of(key, model), label or key)

    def chosen_by(self, name: str, value: str, label: object = "") -> str:
        """A link to those rows of the list that have the value."""
        query = urlencode({name: value})
        return format_html('<a href="{}?{}">{}</a>', self.address_of(), query, label or value)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = person(request)
        return user.is_active and (obj is None or _holds(self.seen_by(user), obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = person(request)
        if obj is None and user.is_superuser:
            return True  # asked of every page for the index
        return self._changes_any(request) if obj is None else _holds(self.changed_by(user), obj)

    def _changes_any(self, request: HttpRequest) -> bool:
        """Asked of one page some twenty times; who only looks is told the same each time."""
        if request.method not in _READING:
            return self.changed_by(person(request)).exists()
        told: dict[Any, bool] = request.__dict__.setdefault("_changes_any", {})
        if self not in told:
            told[self] = self.changed_by(person(request)).exists()
        return told[self]

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
        columns = {each for each in filters if isinstance(each, str)} | {self.date_hierarchy}
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


def _once(request: HttpRequest) -> AbstractContextManager[None]:
    """Who only looks is asked for their rights once: the frame of a page asks for those of
    all pages."""
    return permissions.asked_once() if request.method in _READING else nullcontext()


def _holds(rows: QuerySet[Any], obj: Any) -> bool:
    return rows.filter(pk=obj.pk).exists()
