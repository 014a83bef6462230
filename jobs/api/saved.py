"""The searches that a person keeps: what the page of saved filters does, for programs."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel

from jobs.models import SavedFilter
from jobs.models.shape import address, moment
from jobs.reading.filters import Filters

from .answers import answer
from .auth import CONTROL, person
from .errors import invalid, may_answer
from .kinds import Body, Name, Search
from .shapes import Time

router = Router(tags=["saved filters"])


class NewFilter(Body):
    name: Name
    query: Search = ""
    is_default: bool | None = None


class FilterOut(BaseModel):
    """`url` is the list of jobs by it; `is_shared` that all are offered it."""

    id: int
    name: str
    query: str
    is_default: bool
    is_shared: bool
    created_at: Time
    url: str | None


class FiltersOut(BaseModel):
    items: list[FilterOut]


@router.get("/filters", response=may_answer(FiltersOut), summary="List your saved filters")
def filters(request: HttpRequest) -> HttpResponse:
    """The searches that you keep, by name."""
    mine = SavedFilter.objects.of(person(request))
    return answer({"items": [_shape(row) for row in mine]})


@router.post(
    "/filters", auth=CONTROL, response=may_answer(FilterOut, 201), summary="Save a filter"
)
def save(request: HttpRequest, given: NewFilter) -> HttpResponse:
    """Keep a search under a name; one of yours of this name is replaced. `is_default` says
    whether your list of jobs opens with it; not given, that stays as it is."""
    user, text = person(request), _understood(given.query)
    row = SavedFilter.objects.keep(user, given.name, text)
    if row is None:
        raise invalid({"name": [_("You keep too many; remove one first.")]})
    if given.is_default not in (None, row.is_default):
        row.set_default(not row.is_default)
    return answer(_shape(_mine(request, row.pk)), 201)


@router.delete(
    "/filters/{int:filter_id}",
    auth=CONTROL,
    response=may_answer(None, 204),
    summary="Remove a saved filter",
)
def remove(request: HttpRequest, filter_id: int) -> HttpResponse:
    """One that you keep; those of others are none of yours, whoever offers them."""
    _mine(request, filter_id).delete()
    return HttpResponse(status=204)


def _mine(request: HttpRequest, key: int) -> SavedFilter:
    row = SavedFilter.objects.of(person(request)).filter(pk=key).first()
    if row is None:
        raise Http404
    return row


def _understood(query: str) -> str:
    found = Filters.read(query)
    if found.mistakes:
        raise invalid({"query": [mistake.words for mistake in found.mistakes]})
    return found.text


def _shape(row: SavedFilter) -> dict[str, Any]:
    jobs = address("jobs:jobs")
    return {
        "id": row.pk,
        "name": row.name,
        "query": row.text,
        "is_default": row.is_default,
        "is_shared": row.is_shared,
        "created_at": moment(row.created_at),
        "url": jobs and jobs + Filters.read(row.text).address,
    }
