"""Whoever guesses ids learns nothing: a job of others is like one that is not there, in every
answer, and in what the server does for it (attack A2)."""

import re
import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from jobs import permissions
from jobs.live.reading import picture, standings
from jobs.models import Artifact, Job
from jobs.states import State

from . import pages, rows
from .pages import POSTED, SHOWN

pytestmark = pytest.mark.django_db
GUESSES = 10_000
VERBS = ("start", "pause", "resume", "cancel", "retry", "fail")
PARTS = ("", "/logs", "/events", "/attempts", "/artifacts", "/result")
# Of CSRF, and the id that was asked for, which stands in the address of the answer.
_PASSING = re.compile(r'value="[\w:.-]{50,}"|[0-9a-f]{8}-[0-9a-f-]{27}')


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> dict[str, Any]:
    settings.MEDIA_ROOT = tmp_path
    return pages.world()


@pytest.fixture
def stranger(world: dict[str, Any]) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(world["people"]["stranger"])
    return client


def absent(world: dict[str, Any]) -> dict[str, Any]:
    """The same world, had its job never been."""
    file = Artifact(pk=uuid4())
    return world | {"job": Job(pk=str(uuid4())), "file": file, "text": file}


def statements(act: Callable[[], Any]) -> tuple[Any, list[str]]:
    """What came of it, and what the database was asked for that, but for the values."""
    asked: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        return act(), asked


def told(client: Client, method: str, address: str) -> tuple[int, str, list[str]]:
    """The answer, and what it cost."""
    answer, asked = statements(
        lambda: client.generic(method, address, b"{}", "application/json")
    )
    return answer.status_code, _PASSING.sub("", answer.content.decode()), asked


@pytest.mark.parametrize(("method", "names"), [("GET", SHOWN), ("POST", POSTED)])
def test_no_page_tells_a_job_of_others_from_none(world, stranger, method, names):
    other = absent(world)
    of_jobs = [n for n in names if pages.address(n, world) != pages.address(n, other)]
    of_jobs.remove("bulk")  # names those that one may see
    assert len(of_jobs) >= 3
    for name in of_jobs:
        forbidden = told(stranger, method, pages.address(name, world))
        assert forbidden == told(stranger, method, pages.address(name, other)), name
        assert forbidden[0] in (404, 405), name


def test_no_route_of_the_api_does(world, stranger):
    root = reverse("jobs:api:api-root") + "jobs/"
    routes = [("GET", part) for part in PARTS] + [("POST", f"/{verb}") for verb in VERBS]
    for method, part in routes:
        forbidden = told(stranger, method, f"{root}{world['job'].pk}{part}")
        missing = told(stranger, method, f"{root}{absent(world)['job'].pk}{part}")
        assert forbidden == missing, part
        assert forbidden[0] == 404


def test_ten_thousand_guesses_on_a_socket_find_nothing(world):
    """Real ids of others, their neighbours, and ids that never were."""
    theirs = [rows.job(State.RUNNING, owner=world["people"]["owner"]).pk for _ in range(100)]
    near = [str(UUID(int=UUID(pk).int + step)) for pk in theirs for step in range(-25, 25)]
    guesses = near + [secrets.token_hex(8) for _ in range(GUESSES - len(near))]
    assert len(guesses) == GUESSES and {*theirs} < {*guesses}
    stranger = world["people"]["stranger"]
    assert standings(stranger, guesses) == {}
    with permissions.asked_once():
        picture(stranger, "warm")
        costs = [statements(lambda g=guess: picture(stranger, g)) for guess in guesses[25::50]]
    assert costs == [(None, costs[0][1])] * len(costs)
    assert picture(world["people"]["owner"], theirs[0]) is not None
