"""The pages of jobs: the list, and one job with everything it did."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from jobs import permissions
from jobs.models import Job, SavedFilter
from jobs.reading import deeds, finding, lines, listing
from jobs.reading.filters import Filters
from jobs.reading.suggest import suggestions

from .columns import Columns
from .page import page, person, show
from .search import Search
from .sheet import Sheet

PARTS = (
    "head", "gauge", "error", "stack", "result", "errors", "artifacts", "params",
    "attempts", "side", "nav",
)  # fmt: skip
_FRESH = 100
_LONGEST_NUMBER = 9


@page()
def jobs(request: HttpRequest) -> HttpResponse:
    """The jobs that I may see, newest first."""
    part = request.GET.get("part", "")
    if not request.GET and (first := SavedFilter.objects.at_first(person(request))):
        return redirect(request.path + Filters.read(first.text).address)
    if part == "fresh":
        return show(request, "jobs/list/news.html", _news(request))
    if part == "rows":
        return show(request, "jobs/list/rows.html", _again(request))
    return show(request, "jobs/list.html", _list(request))


def _list(request: HttpRequest) -> dict[str, Any]:
    user, filters = person(request), Filters.of(request.GET)
    before, after = request.GET.get("before"), request.GET.get("after")
    page = listing.page(filters.chosen(user), before=before, after=after)
    return {
        "section": "jobs",
        "page": page,
        "sheets": [Sheet(user, job) for job in page.jobs],
        "newest": "" if page.newer else listing.newest(page),
        "deeds": deeds.DEEDS.values(),
        "columns": Columns.of(request),
    } | _around(user, filters)


def _again(request: HttpRequest) -> dict[str, Any]:
    """Rows of a list that is drawn, as they are now: those named that I may still see."""
    user = person(request)
    named = [job_id.replace("\0", "") for job_id in request.GET.getlist("job")]
    page = listing.page(permissions.jobs(user).filter(pk__in=named[: listing.PAGE]))
    sheets = [Sheet(user, job) for job in page.jobs]
    return {"sheets": sheets, "columns": Columns.of(request)}


def _around(user: permissions.Person, filters: Filters) -> dict[str, Any]:
    """What stands around the rows: the search, and how many are in each state."""
    return {
        "filters": filters,
        "search": Search(filters, user),
        "counts": listing.counts(user, filters),
        "stalled": listing.count_stalled(user, filters),
    }


def _news(request: HttpRequest) -> dict[str, Any]:
    """What came since the list was drawn, and the counts as they are now."""
    user, filters = person(request), Filters.of(request.GET)
    drawn = request.GET.get("drawn", "")
    count = listing.newer_than(filters.chosen(user), drawn, _FRESH) if drawn else 0
    news = {"newest": drawn, "count": count, "is_more": count == _FRESH}
    return news | _around(user, filters)


@page()
def suggest(request: HttpRequest) -> HttpResponse:
    """How the word could go on that is being typed into the search."""
    found = suggestions(person(request), request.GET.get("word", ""))
    return show(request, "jobs/list/suggestions.html", {"suggestions": found})


@page()
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """One job; with `?part=` only those parts of its page, for what changed."""
    row = permissions.job(person(request), "view", job_id)
    asked = request.GET.getlist("part")
    parts = [part for part in PARTS if part in asked]
    wanted = finding.Wanted.of(request.GET)
    sheet = Sheet(person(request), row, _log(row, wanted, request.GET))
    context = {"section": "jobs", "sheet": sheet, "job": row, "wanted": wanted, "parts": parts}
    return show(request, "jobs/parts.html" if parts else "jobs/job.html", context)


def _log(job: Job, wanted: finding.Wanted, query: QueryDict) -> lines.Page | None:
    """What a person without scripts asked for; None means the end of it."""
    place = _place(query)
    if wanted:
        return finding.page(job, wanted, before=place.get("before"))
    return lines.page(job, **place) if place else None


def _place(query: QueryDict) -> dict[str, int]:
    """Which lines of the log a person without scripts asked for."""
    found = {}
    for parameter, name in (("line", "around"), ("before", "before")):
        if text := query.get(parameter):
            if not text.isdecimal() or len(text) > _LONGEST_NUMBER:
                raise Http404
            found[name] = int(text)
    return found
