"""Every address of the API × who asks × what they get. An address without a row fails."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from django_celery_beat.models import PeriodicTask

from jobs.api import door
from jobs.models import (
    ApiToken,
    Job,
    Queue,
    SavedFilter,
    Schedule,
    Scope,
    Task,
    Worker,
)
from jobs.states import State
from tests.nouns.test_workers import FACTS

from . import access, rows
from .conftest import Make

# What programs send where a body is needed.
AT = "2030-01-01T00:00:00Z"
BODIES: dict[str, Any] = {
    "PATCH /jobs/{job_id}": {"priority": 1},
    "PATCH /tasks/{name}": {"max_running": 3},
    "POST /jobs:{verb}": {"ids": ["{job}"]},
    "POST /tasks/{name}/jobs": {"params": {"x": 1}},
    "POST /jobs": {"task": rows.ADD, "params": {"x": 1}},
    "POST /schedules": {
        "name": "weekly",
        "task": rows.ADD,
        "params": {"x": 1},
        "cron": "0 4 * * 1",
    },
    "POST /schedules/{schedule_id}/backfill": {
        "since": "2025-03-01T00:00:00Z",
        "until": "2025-03-01T03:00:00Z",
    },
    "POST /schedules:preview": {
        "name": "weekly",
        "task": rows.ADD,
        "params": {"x": 1},
        "at": AT,
    },
    "POST /filters": {"name": "bad ones", "query": "state:failed", "is_default": True},
    "PATCH /schedules/{schedule_id}": {"jitter_seconds": 5},
    "POST /workers/{name}/{verb}": {"reason": "because"},
    "POST /queues/{name}/purge": {"reason": "a mistake", "expect": 9},
    "POST /queues/{name}/move": {"to": "elsewhere"},
    "PUT /routes": {"items": [{"pattern": "billing.*", "queue": "money"}]},
    "POST /{verb}": {"reason": "an incident"},
    "POST /jobs:bulk": {"jobs": [{"task": rows.ADD, "params": {"x": 1}}]},
}
ANSWERS = access.table("api")
# Who may do what the bulk verb is asked for: the number of jobs that it touches.
TOUCHES = dict(zip(access.ROLES, (0, 0, 0, 0, 1, 1, 1, 0), strict=True))
VERBS = {"schedules": "pause", "workers": "shutdown", "queues": "pause", "{verb}": "freeze"}
ENDED = ("/retry", "/continue")
CHANGES = [address for address in ANSWERS if not address.startswith("GET")]
TAKES_NO_BODY = ("POST /ws-tickets", "DELETE /filters/{filter_id}")
TAKES_A_BODY = [address for address in CHANGES if address not in TAKES_NO_BODY]


@pytest.fixture(scope="module")
def made(make: Make) -> dict[str, Any]:
    return make(build)


@pytest.fixture
def world(made: dict[str, Any], db: None) -> dict[str, Any]:
    return deepcopy(made)


def build() -> dict[str, Any]:
    """A job that waits, with a file, one that runs, one that has ended, and people in each
    relation."""
    people = access.people(rows.task())
    access.deactivate(people)
    owner = people["owner"]
    ended = rows.job(State.FAILED, owner=owner, params={"x": 1}, checkpoint={"at": 1})
    job = rows.job(owner=owner, params={"x": 1})
    runs = rows.job(State.RUNNING, owner=owner)
    file = rows.artifact(job, "a.txt")
    jobs = {"job": job.pk, "ended": ended.pk, "runs": runs.pk}
    Worker.tell("main@node", FACTS)
    schedule = rows.schedule("nightly", run_as=people["manager"])
    times = {"schedule": schedule.pk, "backfill": rows.backfill(schedule).pk}
    Queue.objects.note(["celery"])
    Task.objects.create(name="elsewhere", title="Elsewhere", queue="elsewhere")
    saved = SavedFilter.objects.keep(people["superuser"], "mine", "owner:me")
    return {"people": people, "file": str(file.pk), "saved": saved.pk, **times, **jobs}


def operations() -> set[str]:
    return {
        f"{method} {path}"
        for router in door.api._get_bound_routers()
        for path, view in router.template.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }


def plain(address: str) -> str:
    """`/jobs/{key:job_id}` as `/jobs/{job_id}`."""
    return re.sub(r"\{\w+:", "{", address)


def send(client: Client, address: str, world: dict[str, Any], **how: Any) -> Any:
    method, path = address.split()
    job = world["ended"] if path.endswith(ENDED) else world["job"]
    job = world["runs"] if address == "POST /jobs/{job_id}/stack" else job
    filled = address_of(path, job, world)
    body = json.dumps(BODIES.get(address, {})).replace("{job}", job)
    data = {} if method == "GET" else {"data": body, "content_type": "application/json"}
    return getattr(client, method.lower())(f"/api{filled}", **data, **how)


def address_of(path: str, job: str, world: dict[str, Any]) -> str:
    verb = VERBS.get(path.split("/")[1], "cancel")
    places = {"job_id": job, "artifact_id": world["file"], "schedule_id": world["schedule"]}
    places |= {"backfill": world["backfill"], "filter_id": world["saved"]}
    names = {"workers": "main@node", "queues": "celery"}
    name = names.get(path.split("/")[1], rows.ADD)
    return path.format(verb=verb, what="ping", name=name, **places)


def stored() -> list[Any]:
    kinds = (Job, PeriodicTask, Queue, Schedule)
    return [row for kind in kinds for row in kind.objects.order_by("pk").values()]


def client_of(world: dict[str, Any], role: str) -> Client:
    if role == "anonymous":
        return Client()
    _row, text = ApiToken.objects.issue(world["people"][role], list(Scope))
    return Client(headers={"Authorization": f"Bearer {text}"})


def test_every_address_has_its_row():
    assert {plain(each) for each in operations()} == set(ANSWERS), access.HINT


def test_there_is_no_other_address():
    others = {"docs", "api-root", "unknown"}  # test_api_tokens.py asks them
    routes = {str(each.pattern) for each in door.patterns() if each.name not in others}
    assert len(routes) == len({each.split()[1] for each in ANSWERS})


@pytest.mark.parametrize(("address", "answers"), access.looks("api"))
def test_each_role_sees_what_it_may(world, address, answers):
    got = [send(client_of(world, role), address, world) for role in access.ROLES]
    assert tuple(str(response.status_code) for response in got) == answers


@pytest.mark.parametrize(("address", "role", "answer"), access.deeds("api"))
def test_each_role_does_what_it_may(world, address, role, answer):
    response = send(client_of(world, role), address, world)
    assert str(response.status_code) == answer, getattr(response, "content", "")
    if address == "POST /jobs:{verb}" and answer == "200":
        assert response.json()["done"] == TOUCHES[role]


@pytest.mark.parametrize("address", CHANGES)
@pytest.mark.parametrize("role", ["anonymous", "stranger", "viewer", "deactivated"])
def test_who_may_not_changes_nothing(world, address, role):
    before = stored()
    send(client_of(world, role), address, world)
    assert stored() == before


@pytest.mark.parametrize("address", CHANGES)
def test_a_session_changes_things_only_with_its_csrf_token(world, address):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world["people"]["superuser"])
    before = stored()
    refused = send(browser, address, world)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    assert stored() == before
    browser.get("/api/docs")
    token = browser.cookies["csrftoken"].value
    assert send(browser, address, world, headers={"X-CSRFToken": token}).status_code < 300


@pytest.mark.parametrize("address", [each for each in ANSWERS if each.startswith("GET")])
def test_asking_changes_no_job_and_a_session_is_enough(world, address):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world["people"]["superuser"])
    before = stored()
    assert send(browser, address, world).status_code == 200
    assert stored() == before


@pytest.mark.parametrize("address", ANSWERS)
def test_a_token_without_any_scope_opens_nothing(world, address):
    _row, text = ApiToken.objects.issue(world["people"]["superuser"], [])
    client = Client(headers={"Authorization": f"Bearer {text}"})
    response = send(client, address, world)
    assert (response.status_code, response.json()["code"]) == (403, "scope")


@pytest.mark.parametrize("address", TAKES_A_BODY)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b'{"reason": NaN}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"1" * 10_000, "application/json"),
        (b"x" * 3_000_000, "application/json"),
        (b"{}", "text/plain"),
        (b"a=1", "application/x-www-form-urlencoded"),
        (b"--x\r\n", "multipart/form-data"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    ],
)
@pytest.mark.parametrize("by", ["token", "session"])
def test_a_body_that_is_no_json_is_a_bad_request(world, address, body, content_type, by):
    client = client_of(world, "superuser")
    if by == "session":
        client = Client()
        client.force_login(world["people"]["superuser"])
    method, path = address.split()
    job = world["ended"] if path.endswith(ENDED) else world["job"]
    filled = address_of(path, job, world)
    response = client.generic(method, f"/api{filled}", body, content_type=content_type)
    # Django reads a torn form as one without parts.
    is_form = address == "POST /tasks/{name}/jobs" and "boundary" in content_type
    assert response.status_code == (422 if is_form else 400), response.content
    assert set(response.json()) == {"code", "detail", "fields"}
