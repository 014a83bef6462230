"""The API as one: its parts, its addresses, and what surrounds every answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from ninja import NinjaAPI

from . import (
    again,
    ahead,
    backfills,
    bulk,
    documents,
    edit,
    errors,
    lots,
    parts,
    policy,
    queues,
    routes,
    saved,
    schedule_verbs,
    schedules,
    stack,
    tickets,
    verbs,
    worker_verbs,
    workers,
)
from .answers import Renderer, answer, sealed
from .auth import READ
from .parsing import StrictParser

NAMESPACE = "jobs:api"

api = NinjaAPI(
    title="Batuta",
    description="Tasks, the jobs that they become, and when they run by themselves.",
    urls_namespace=NAMESPACE,
    openapi_url=None,
    docs_url=None,
    auth=READ,
    renderer=Renderer(),
    parser=StrictParser(),
)
errors.connect(api)
# The longer addresses first: an id may hold slashes. A look and an edit share an address,
# and so a router.
for part in (
    policy, lots, stack, verbs, again, parts, bulk, tickets, edit, backfills, schedules, ahead,
    schedule_verbs, saved, worker_verbs, workers, queues, routes,
):  # fmt: skip
    api.add_router("", part.router)


@api.get("/openapi.json", include_in_schema=False, url_name="openapi")
def openapi(request: HttpRequest) -> HttpResponse:
    """What the API says of itself."""
    return answer(api.get_openapi_schema())


def patterns() -> list[URLPattern]:
    """All addresses, for one `include` under any prefix; what is none of them is a 404 in
    our shape."""
    found = [
        path("docs", documents.page, name="docs"),
        *cast(list[URLPattern], api.urls[0]),
        path("<path:unknown>", _nothing_here, name="unknown"),
    ]
    for pattern in found:
        pattern.callback = _surrounded(pattern.callback)
    return found


def _nothing_here(request: HttpRequest, unknown: str) -> HttpResponse:
    raise Http404


def _surrounded(view: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
    """HEAD is answered as GET is; what ninja says by itself is said in our shape."""

    @wraps(view)
    def surrounded(request: HttpRequest, /, **named: Any) -> HttpResponseBase:
        if request.method == "HEAD":
            request.method = "GET"
        try:
            response = view(request, **named)
        except Http404:
            response = errors.refused(errors.not_found())
        if response.status_code == 405:
            response = errors.refused(errors.not_allowed(response["Allow"]))
        return sealed(response)

    # Who changes something by a session is asked for the token in `auth`, in our shape.
    cast(Any, surrounded).csrf_exempt = True
    return surrounded
