"""What belongs to one job: its log, events, attempts, files and result."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router
from pydantic import Field

from jobs import permissions
from jobs.models import Attempt, Event, Job
from jobs.models.shape import artifact_shape, error_shape, moment
from jobs.reading import lines
from jobs.reading.stream import whole_file

from . import shapes
from .answers import answer
from .auth import person
from .errors import may_answer
from .kinds import Given

MOST = 50
_LARGEST = 2**31 - 1


class Paged(Given):
    cursor: int = Field(0, ge=0, le=_LARGEST)


class LinesAsked(Given):
    after: int = Field(0, ge=0, le=_LARGEST)
    limit: int = Field(lines.SHOWN, ge=1, le=lines.MOST)


router = Router(tags=["jobs"])


@router.get("/jobs/{key:job_id}/logs", response=may_answer(shapes.Lines), summary="Its log")
def logs(request: HttpRequest, job_id: str, asked: Query[LinesAsked]) -> HttpResponse:
    """The lines after number `after`. Ask again with `next` until that is null: while the
    job lives, lines may follow."""
    job = _seen(request, job_id)
    found = lines.after(job, asked.after, limit=asked.limit)
    total = lines.last_number(job)
    last = found[-1].number if found else asked.after
    items = [
        {"line": n, "time": at, "level": level, "text": text} for n, at, level, text in found
    ]
    is_over = job.is_final and last >= total
    return answer({"items": items, "next": None if is_over else last, "count": total})


@router.get("/jobs/{key:job_id}/events", response=may_answer(shapes.Events), summary="Events")
def events(request: HttpRequest, job_id: str, asked: Query[Paged]) -> HttpResponse:
    """What people and faults did to it, newest first."""
    rows = _seen(request, job_id).events.select_related("actor").order_by("-pk")
    return _page(rows, "pk", asked.cursor, _event)


@router.get(
    "/jobs/{key:job_id}/attempts", response=may_answer(shapes.Attempts), summary="Attempts"
)
def attempts(request: HttpRequest, job_id: str, asked: Query[Paged]) -> HttpResponse:
    """The tries that ended badly, newest first."""
    job = _seen(request, job_id)
    may_read = permissions.may_read_traces(person(request), job)
    rows = job.attempts.order_by("-number")
    return _page(rows, "number", asked.cursor, lambda row: _attempt(row, may_read))


@router.get(
    "/jobs/{key:job_id}/artifacts", response=may_answer(shapes.Artifacts), summary="Files"
)
def artifacts(request: HttpRequest, job_id: str, asked: Query[Paged]) -> HttpResponse:
    """The files that it made and was given, in the order in which they came."""
    rows = _seen(request, job_id).artifacts.order_by("created_at", "pk").defer("thumbnail")
    end = asked.cursor + MOST
    found = list(rows[asked.cursor : end + 1])
    items = [artifact_shape(row) for row in found[:MOST]]
    after = end if len(found) > MOST else None
    return answer({"items": items, "next": after, "count": rows.count()})


@router.get(
    "/jobs/{key:job_id}/artifacts/{uuid:artifact_id}",
    response=may_answer(None),
    openapi_extra={"responses": {200: {"description": "OK", "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}},
    summary="One file",
)  # fmt: skip
def artifact(request: HttpRequest, job_id: str, artifact_id: UUID) -> HttpResponseBase:
    """The bytes of a file."""
    found = permissions.artifact(person(request), artifact_id)
    if found.job_id != job_id:
        raise Http404
    return whole_file(request, found)


@router.get("/jobs/{key:job_id}/result", response=may_answer(shapes.Result), summary="Result")
def result(request: HttpRequest, job_id: str) -> HttpResponse:
    """How it ended, and with what; both are null until it has."""
    job = _seen(request, job_id)
    may_read = permissions.may_read_traces(person(request), job)
    told = {"state": job.state, "result": job.result, "error": error_shape(job)}
    return answer(told | {"traceback": (job.traceback or None) if may_read else None})


def _seen(request: HttpRequest, job_id: str) -> Job:
    return permissions.job(person(request), "view", job_id)


def _page(rows: QuerySet[Any], name: str, cursor: int, shape: Any) -> HttpResponse:
    """Rows with ever smaller numbers; `next` is the last of them when others follow."""
    beyond = rows.filter(**{f"{name}__lt": cursor}) if cursor else rows
    found = list(beyond[: MOST + 1])
    after = getattr(found[MOST - 1], name) if len(found) > MOST else None
    items = [shape(row) for row in found[:MOST]]
    return answer({"items": items, "next": after, "count": rows.count()})


def _event(row: Event) -> dict[str, Any]:
    return {
        "id": row.pk,
        "verb": row.verb,
        "by": row.actor.get_username() if row.actor else None,
        "at": moment(row.at),
        "reason": row.reason,
        "before": row.before,
        "after": row.after,
    }


def _attempt(row: Attempt, may_read: bool) -> dict[str, Any]:
    return {
        "number": row.number,
        "worker": row.worker,
        "started_at": moment(row.started_at),
        "finished_at": moment(row.finished_at),
        "reason": row.reason,
        "error": error_shape(row),
        "traceback": (row.traceback or None) if may_read else None,
    }
