"""The log of a job for scripts (JSON, a piece at a time) and for people (a text file)."""

from collections.abc import Callable
from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from jobs import permissions
from jobs.reading import finding, lines
from jobs.reading.stream import download

from .page import page, person


@page()
def log(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """Lines after `after` or before `before`: {"lines": [[n, time, level, text]], "total"},
    of those alone that `level` and `find` mean. With `hits` only the numbers of these."""
    job = permissions.job(person(request), "view", job_id)
    wanted = finding.Wanted.of(request.GET)
    if "hits" in request.GET:
        return JsonResponse(asdict(finding.hits(job, wanted)))
    limit = min(_number(request, "limit") or lines.SHOWN, lines.MOST)
    before = _number(request, "before")
    start = max(before - 1 - limit, 0) if before else _number(request, "after")
    end = before - 1 if before else None
    found = lines.after(job, start, limit=limit, end=end, wanted=_test(wanted))
    return JsonResponse({"lines": found, "total": lines.last_number(job)})


@page()
def log_text(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """The whole log as a text file, or with `attempt` that of one attempt; with `level` and
    `find` only the lines that they mean."""
    job = permissions.job(person(request), "view", job_id)
    attempt = _number(request, "attempt")
    name = f"{job.id.replace('/', '_')}{f'-{attempt}' if attempt else ''}.log.txt"
    text = lines.as_text(job, attempt, _test(finding.Wanted.of(request.GET)))
    return download(request, text, name, "text/plain; charset=utf-8")


def _test(wanted: finding.Wanted) -> Callable[[lines.Line], bool] | None:
    return wanted.means if wanted else None


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text[:9]) if text.isdecimal() else 0
