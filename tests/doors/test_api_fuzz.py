"""Whatever is sent, the API answers as its own schema says, and never with a fault."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis import Case, serializer
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from jobs.api import auth, door
from jobs.api.lines import NDJSON
from jobs.live.messages import encode
from jobs.models import ApiToken, SavedFilter, Scope, Worker
from jobs.states import State
from tests.doors import rows

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
BRIEFLY = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def our_schema() -> Any:
    schema = from_dict(json.loads(encode(door.api.get_openapi_schema())))
    schema.app = get_wsgi_application()
    return schema


serializer.alias(NDJSON, "text/plain")
anywhere, there = our_schema(), our_schema()
there.config.phases.coverage.enabled = False  # every kind of mistake is made once


@pytest.fixture
def one_connection() -> Iterator[None]:
    """The application runs inside the transaction of the test, as with Django's client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def place(
    db: None, one_connection: None, settings: Any, tmp_path: Any, monkeypatch: Any
) -> dict[str, Any]:
    """What stands in addresses, so that not all of them lead nowhere; and the way in."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(auth, "pace", auth.Pace())
    settings.JOBS_API_REQUESTS_PER_MINUTE = 1_000_000
    rows.task()
    root = rows.user("root", is_superuser=True)
    _row, text = ApiToken.objects.issue(root, list(Scope))
    job = rows.job(State.FAILED, owner=root, params={"x": 1}, checkpoint={"at": 1})
    rows.job(owner=root, params={"x": 1})
    rows.log(job, "one", "two")
    file = rows.artifact(job, "a.txt")
    Worker.objects.create(name=rows.ADD)
    names = {"job_id": job.pk, "artifact_id": str(file.pk), "name": rows.ADD}
    schedule = rows.schedule()
    names |= {"schedule_id": schedule.pk, "backfill": rows.backfill(schedule).pk}
    names["filter_id"] = SavedFilter.objects.keep(root, "mine", "owner:me").pk
    return {"names": names, "headers": {"Authorization": f"Bearer {text}"}}


@anywhere.parametrize()
@BRIEFLY
def test_the_api_keeps_its_word(case: Case, place: dict[str, Any]) -> None:
    case.call_and_validate(headers=place["headers"], checks=[*CHECKS, negative_data_rejection])


@there.parametrize()
@BRIEFLY
def test_it_keeps_its_word_about_what_is_there(case: Case, place: dict[str, Any]) -> None:
    names, known = case.path_parameters or {}, place["names"]
    case.path_parameters = {name: known.get(name, value) for name, value in names.items()}
    case.call_and_validate(headers=place["headers"], checks=CHECKS)
