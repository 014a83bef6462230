"""Bodies that are sent piece by piece, under WSGI and under ASGI alike.

Django collects a plain iterator wholly in memory when it serves it under ASGI, and an
asynchronous one under WSGI; so each server gets the kind that it sends as it comes.
"""

from collections.abc import AsyncIterator, Iterator
from typing import IO

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from jobs.models import Artifact

_PIECE = 64 * 1024
# For bytes that a job made: nothing in them may run or load.
SANDBOX = "default-src 'none'; sandbox"


def download(
    request: HttpRequest, pieces: Iterator[bytes], name: str, content_type: str
) -> StreamingHttpResponse:
    """Send bytes that a job made: always as a file to keep, never as a page to open."""
    body = _awaited(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(body, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    return response


def whole_file(request: HttpRequest, artifact: Artifact) -> StreamingHttpResponse:
    """One file of a job; Http404 when its bytes are gone."""
    try:
        size = artifact.file.size
    except FileNotFoundError as gone:
        raise Http404 from gone
    response = download(request, _read(artifact), artifact.name, "application/octet-stream")
    response["Content-Length"] = str(size)
    return response


def pieces(source: IO[bytes]) -> Iterator[bytes]:
    """What a file holds, in parts that fit in memory."""
    while piece := source.read(_PIECE):
        yield piece


def _read(artifact: Artifact) -> Iterator[bytes]:
    with artifact.file.open("rb") as source:
        yield from pieces(source)


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    taking = sync_to_async(lambda: next(pieces, None))
    while (piece := await taking()) is not None:
        yield piece
