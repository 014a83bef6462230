"""Jobs: the list, and one."""

import json
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from jobs import permissions
from jobs.models import Job
from jobs.models.shape import job_line, job_shape
from jobs.reading import export, listing
from jobs.reading.filters import Filters
from jobs.reading.grammar import Term

from . import shapes
from .answers import JSON, answer
from .auth import person
from .errors import invalid, may_answer
from .kinds import Given, JobFilter, Key

MOST = 200
LONGEST_PARAMS = 10_000
"""Characters of JSON above which a list leaves parameters out."""
LONGEST_ERROR = 500

router = Router(tags=["jobs"])


class JobsAsked(JobFilter):
    """The filters, and which page of what they leave."""

    cursor: Key = ""
    limit: int = Field(listing.PAGE, ge=1, le=MOST)
    format: Literal["json", "csv", "jsonl"] | None = None


_FILE = {"schema": {"type": "string"}}
_FILES = {"responses": {200: {"content": dict.fromkeys(export.MEDIA.values(), _FILE)}}}


@router.get(
    "/jobs", response=may_answer(shapes.Jobs), summary="List jobs", openapi_extra=_FILES
)
def jobs(request: HttpRequest, asked: Query[JobsAsked]) -> HttpResponseBase:
    """The jobs that you may see, newest first. `state` may be given several times; `owner`
    is a user name, `me` or `nobody`. `count` is null beyond 10 000. With `format`, or an
    `Accept`, of `csv` or `jsonl` all that match come as one file, without pages."""
    refuse_unknown(request, JobsAsked)
    filters, user, kind = filters_of(asked), person(request), _kind(request, asked)
    if kind in export.KINDS:
        return export.response(request, kind, filters, user)
    chosen = filters.chosen(user)
    page = listing.page(chosen, after=asked.cursor, size=asked.limit)
    items = [_line(job) for job in page.jobs]
    return answer({"items": items, "next": page.older, "count": listing.count(chosen)})


def _kind(request: HttpRequest, asked: JobsAsked) -> str:
    if asked.format:
        return asked.format
    kinds = {media: kind for kind, media in export.MEDIA.items()}
    return kinds.get(request.get_preferred_type([JSON, *kinds]) or "", "")


@router.get("/jobs/{key:job_id}", response=may_answer(shapes.JobOut), summary="One job")
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """The whole job, as the snapshot of the socket holds it."""
    return answer(job_shape(permissions.job(person(request), "view", job_id)))


def filters_of(asked: JobFilter, place: str = "") -> Filters:
    """What was asked for, as the pages' own filters; a Refusal names what is wrong, after
    `place`."""
    named = [Term("state", state) for state in asked.state]
    named += [Term("waiting", reason) for reason in asked.waiting_for]
    for key in (
        "task",
        "owner",
        "queue",
        "tag",
        "worker",
        "schedule",
        "backfill",
        "workflow",
        "error",
    ):
        named += [Term(key, value)] if (value := getattr(asked, key)) else []
    for key in ("since", "until"):
        named += [Term(key, at.isoformat())] if (at := getattr(asked, key)) else []
    filters = Filters.read(asked.q, named)
    if filters.mistakes:
        told: dict[str, list[str]] = {}
        for mistake in filters.mistakes:
            told.setdefault(f"{place}{mistake.key or 'q'}", []).append(mistake.words)
        raise invalid(told)
    return filters


def refuse_unknown(request: HttpRequest, known: type[Given]) -> None:
    """A filter that we do not know would answer with more than was meant."""
    unknown = set(request.GET) - set(known.model_fields)
    if unknown:
        told = [_("There is no parameter of this name.")]
        raise invalid({name[:200]: told for name in sorted(unknown)[:10]})


def _line(job: Job) -> dict[str, Any]:
    line = job_line(job)
    if line["error"]:
        line["error"]["message"] = line["error"]["message"][:LONGEST_ERROR]
    if len(json.dumps(line["params"])) > LONGEST_PARAMS:
        line["params"] = None
    return line
