"""The site's pages are made by few threads, however many ask at once."""

import asyncio
import threading
import time
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from project import threads

ASKERS = threads.THREADS * 3
_busy: set[str] = set()


def slow(request: HttpRequest) -> HttpResponse:
    _busy.add(threading.current_thread().name)
    time.sleep(0.01)
    return HttpResponse(threading.current_thread().name)


class Noting:
    """A middleware that says in which thread it is."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        response.content = f"{threading.current_thread().name} {response.content.decode()}"
        return response


urlpatterns = [path("slow", slow)]


@pytest.fixture
def site(settings: Any) -> threads.Pages:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.Noting"]
    _busy.clear()
    return threads.Pages()


async def asked(site: threads.Pages) -> str:
    scope = {
        "type": "http", "method": "GET", "path": "/slow", "headers": [(b"host", b"localhost")],
        "query_string": b"", "http_version": "1.1",
    }  # fmt: skip
    said: list[dict[str, Any]] = []
    coming = asyncio.Queue[dict[str, Any]]()
    coming.put_nowait({"type": "http.request"})

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await site(scope, coming.get, send)
    return b"".join(message.get("body", b"") for message in said).decode()


async def test_all_of_a_request_is_done_in_one_thread(site: threads.Pages) -> None:
    around, inside = (await asked(site)).split()
    assert around == inside
    assert around.startswith("page")


async def test_many_who_ask_at_once_share_a_few_threads(site: threads.Pages) -> None:
    answers = await asyncio.gather(*(asked(site) for _asker in range(ASKERS)))
    assert all(answers)
    assert len(_busy) <= threads.THREADS
