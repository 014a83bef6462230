"""The pages of jobs: the list, and one job with everything it did."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from jobs import permissions
from jobs.reading import deeds, lines, listing

from .page import page, person, show
from .sheet import Sheet

PARTS = (
    "head", "gauge", "error", "stack", "result", "errors", "artifacts", "params",
    "attempts", "side", "nav",
)  # fmt: skip
_FRESH = 100


@page()
def home(request: HttpRequest) -> HttpResponse:
    return redirect("jobs:jobs")


@page()
def jobs(request: HttpRequest) -> HttpResponse:
    """The jobs that I may see, newest first."""
    part = request.GET.get("part", "")
    if part == "fresh":
        return show(request, "jobs/list/news.html", _news(request))
    context = _list(request)
    if part == "rows":
        return show(request, "jobs/list/rows.html", context)
    return show(request, "jobs/list.html", context)


def _list(request: HttpRequest) -> dict[str, Any]:
    user, filters = person(request), listing.Filters.of(request.GET)
    chosen = filters.chosen(user)
    before, after = request.GET.get("before"), request.GET.get("after")
    page = listing.page(filters.in_states(chosen), before=before, after=after)
    return {
        "section": "jobs",
        "filters": filters,
        "counts": listing.counts(chosen, filters),
        "stalled": listing.count_stalled(chosen),
        "page": page,
        "sheets": [Sheet(user, job) for job in page.jobs],
        "newest": "" if page.newer else listing.newest(page),
        "deeds": deeds.DEEDS.values(),
    } | _ways(filters, page)


def _ways(filters: listing.Filters, page: listing.Page) -> dict[str, str]:
    """Where the links of the list lead."""
    return {
        "everybody": filters.address(owner=None),
        "mine": filters.address(owner="me"),
        "without_task": filters.address(task=None),
        "without_owner": filters.address(owner=None),
        "without_stalled": filters.address(stalled=None),
        "only_stalled": filters.address(stalled=None if filters.is_stalled else "1"),
        "newer": filters.address(before=page.newer),
        "older": filters.address(after=page.older),
    }


def _news(request: HttpRequest) -> dict[str, Any]:
    """What came since the list was drawn, and the counts as they are now."""
    filters = listing.Filters.of(request.GET)
    chosen = filters.chosen(person(request))
    since = request.GET.get("since", "")
    count = listing.newer_than(filters.in_states(chosen), since, _FRESH) if since else 0
    return {
        "filters": filters,
        "counts": listing.counts(chosen, filters),
        "stalled": listing.count_stalled(chosen),
        "only_stalled": filters.address(stalled=None if filters.is_stalled else "1"),
        "newest": since,
        "count": count,
        "is_more": count == _FRESH,
    }


@page()
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """One job; with `?part=` only those parts of its page, for what changed."""
    row = permissions.job(person(request), "view", job_id)
    asked = request.GET.getlist("part")
    if asked == ["row"]:
        return show(request, "jobs/list/row.html", {"sheet": Sheet(person(request), row)})
    parts = [part for part in PARTS if part in asked]
    sheet = Sheet(person(request), row, lines.page(row, **_place(request.GET)))
    context = {"section": "jobs", "sheet": sheet, "job": row, "parts": parts}
    return show(request, "jobs/parts.html" if parts else "jobs/job.html", context)


def _place(query: QueryDict) -> dict[str, int]:
    """Which lines of the log a person without scripts asked for."""
    found = {}
    for parameter, name in (("line", "around"), ("before", "before")):
        if text := query.get(parameter):
            if not text.isdecimal():
                raise Http404
            found[name] = int(text)
    return found
