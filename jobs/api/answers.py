"""What the API sends: JSON that no browser takes for a page and no cache keeps."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja.renderers import BaseRenderer

from jobs.live.messages import encode
from jobs.reading.stream import SANDBOX

JSON = "application/json"


class Renderer(BaseRenderer):
    """The same JSON as on the socket."""

    media_type = JSON

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        return encode(data)


def answer(data: Any, status: int = 200, **headers: str) -> HttpResponse:
    """`data` as JSON; `Retry_After="5"` is the header of that name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(encode(data), status=status, content_type=JSON, headers=named)


def sealed(response: HttpResponseBase) -> HttpResponseBase:
    """For its asker only, and never a page to open."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Content-Security-Policy", SANDBOX)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
