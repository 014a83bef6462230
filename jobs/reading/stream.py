"""Bodies that are sent piece by piece, under WSGI and under ASGI alike.

Django collects a plain iterator wholly in memory when it serves it under ASGI, and an
asynchronous one under WSGI; so each server gets the kind that it sends as it comes.
"""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

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


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    taking = sync_to_async(lambda: next(pieces, None))
    while (piece := await taking()) is not None:
        yield piece
