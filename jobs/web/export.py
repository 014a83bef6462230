"""The list as a file."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from jobs.reading import export
from jobs.reading.filters import Filters

from .page import page, person


@page()
def jobs(request: HttpRequest) -> HttpResponseBase:
    """All jobs that match; where the search has a mistake, back to the list that tells it."""
    kind, filters = request.GET.get("format", "csv"), Filters.of(request.GET)
    if kind not in export.KINDS:
        raise Http404
    if filters.mistakes:
        return redirect(reverse("jobs:jobs") + filters.address)
    return export.response(request, kind, filters, person(request))
