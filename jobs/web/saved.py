"""The searches that a person keeps: saved from the list, renamed, shown at first, removed.
Superusers offer theirs to all."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from jobs.models import SavedFilter
from jobs.reading.filters import Filters
from jobs.reading.grammar import LONGEST

from .page import page, person, show


class Kept(forms.Form):
    """A name, and the search that it stands for."""

    name = forms.CharField(label=lazy("Name"), max_length=60)
    q = forms.CharField(label=lazy("Search"), max_length=LONGEST, required=False)

    def clean_q(self) -> str:
        filters = Filters.read(self.cleaned_data["q"])
        if filters.mistakes:
            raise forms.ValidationError([mistake.words for mistake in filters.mistakes])
        return filters.text


class NewName(forms.Form):
    name = forms.CharField(label=lazy("Name"), max_length=60)


@page("POST")
def saved(request: HttpRequest) -> HttpResponse:
    """My saved filters; POST keeps one more, and leads to the list by it."""
    form = Kept(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _sheet(request, form)
    if not form.is_valid():
        return _sheet(request, form, 422)
    name, text = form.cleaned_data["name"], form.cleaned_data["q"]
    if SavedFilter.objects.keep(request.user, name, text) is None:
        form.add_error("name", _("You keep too many; remove one first."))
        return _sheet(request, form, 422)
    messages.success(request, _("“%(name)s” is saved.") % {"name": name})
    return redirect(reverse("jobs:jobs") + Filters.read(text).address)


@page("POST")
@require_POST
def one(request: HttpRequest, saved_id: int) -> HttpResponse:
    """Do something to one of mine."""
    row = SavedFilter.objects.of(person(request)).filter(pk=saved_id).first()
    deed = _DEEDS.get(request.POST.get("do", ""))
    if row is None or deed is None:
        raise Http404
    messages.success(request, deed(request, row))
    return redirect("jobs:filters")


def _rename(request: HttpRequest, row: SavedFilter) -> str:
    form = NewName(request.POST)
    if not form.is_valid():
        return _("A name has 1 to 60 characters; nothing was changed.")
    if not row.rename(form.cleaned_data["name"]):
        return _("You have another one of this name; nothing was changed.")
    return _("Renamed.")


def _delete(request: HttpRequest, row: SavedFilter) -> str:
    row.delete()
    return _("“%(name)s” is removed.") % {"name": row.name}


def _set_default(request: HttpRequest, row: SavedFilter) -> str:
    row.set_default(not row.is_default)
    if row.is_default:
        return _("The list opens with all jobs again.")
    return _("The list opens with “%(name)s”.") % {"name": row.name}


def _share(request: HttpRequest, row: SavedFilter) -> str:
    if not person(request).is_superuser:
        raise PermissionDenied
    row.share(not row.is_shared)
    if row.is_shared:
        return _("“%(name)s” is yours alone.") % {"name": row.name}
    return _("“%(name)s” is offered to all.") % {"name": row.name}


_DEEDS = {"rename": _rename, "delete": _delete, "default": _set_default, "share": _share}


def _sheet(request: HttpRequest, form: Kept, status: int = 200) -> HttpResponse:
    offered = SavedFilter.objects.offered(person(request)).select_related("owner")
    rows = [(row, Filters.read(row.text).address) for row in offered]
    context = {"section": "jobs", "form": form, "rows": rows}
    return show(request, "jobs/filters.html", context, status)
