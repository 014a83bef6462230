"""The threads in which pages are made: few, each with a connection of its own that it keeps.

Django itself starts a thread for each request, with a new connection to the database, however
many requests come at once: two hundred open pages that hear of one change then ask for more
connections than PostgreSQL has.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jobs.api.waiting import MOST_AT_ONCE
from jobs.live.threads import keep_connections

THREADS = 10 + MOST_AT_ONCE
"""Who waits for the end of a job (`Prefer: wait`) has a thread meanwhile, but no connection."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page", initializer=keep_connections)


class Pages(ASGIHandler):
    """No view and no middleware of the site is asynchronous: one thread does all of a
    request, where Django would go to and fro between two."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        answered: Any = sync_to_async(_answer, thread_sensitive=False, executor=_threads)
        response: HttpResponseBase = await answered(self, request)
        return response


def _answer(pages: Pages, request: HttpRequest) -> HttpResponseBase:
    close_old_connections()
    try:
        return pages.get_response(request)
    finally:
        close_old_connections()
