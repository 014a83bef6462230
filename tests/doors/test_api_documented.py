"""docs/api.md and the schema say what the API does."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from jobs.api import door, saved, schedule_kinds, shapes
from jobs.models import Attempt, Event, SavedFilter, Scope
from jobs.states import State
from tests.doors import rows
from tests.doors.programs import Program
from tests.verbs.beats import every

DOCS = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()
CODE = "".join(path.read_text() for path in Path(door.__file__).parent.glob("*.py"))


def operations() -> dict[str, dict]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in door.api.get_openapi_schema()["paths"].items()
        for method, operation in methods.items()
    }


def test_every_address_is_documented_and_no_other():
    documented = re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)` \|", DOCS, re.M)
    assert sorted(documented) == sorted(operations())


def test_every_code_is_documented_and_no_other():
    codes = re.findall(r'(?:Refusal\(\s*\d+,|conflict\()\s*"(\w+)"', CODE)
    table = DOCS.partition("## Errors")[2].partition("## Jobs")[0]
    documented = re.findall(
        r"`(\w+)`", "".join(re.findall(r"^\| [\d, ]+ \|([^|]+)\|", table, re.M))
    )
    assert sorted(set(codes)) == sorted(documented)


def test_every_scope_is_documented():
    assert all(f"| `{scope}` |" in DOCS for scope in Scope.values)


@pytest.mark.parametrize("address", operations())
def test_every_address_says_what_it_does_and_may_answer(address):
    operation = operations()[address]
    assert operation["summary"] and operation["description"] and operation["security"]
    assert {"401", "404", "422"} <= {str(status) for status in operation["responses"]}


def test_each_operation_has_a_name_of_its_own():
    names = [operation["operationId"] for operation in operations().values()]
    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_the_schedule_of_the_documentation_can_be_made():
    """The other example is asked of a whole site."""
    _job, example = re.findall(r"^curl -H.*?```", DOCS, re.M | re.S)
    body = re.search(r"-d '(.+?)'", example, re.S)
    assert body and "https://jobs.example.org/api/schedules\n" in example
    wish = json.loads(body[1])
    rows.task(wish["task"])
    answer = Program(rows.user("root", is_superuser=True)).post("/schedules", wish)
    assert answer.status_code == 201, answer.content
    assert wish.items() <= answer.json().items()


@pytest.mark.django_db
def test_the_schema_knows_every_field_of_the_answers():
    root = Program(rows.user("root", is_superuser=True))
    rows.task()
    job = rows.job(State.FAILED, error="e", error_type="E")
    Event.objects.create(job=job, verb="cancel")
    Attempt.objects.create(job=job, number=1)
    rows.log(job, "line")
    schedule = every(name="nightly")
    SavedFilter.objects.keep(root.user, "mine", "owner:me")
    known = {
        f"/schedules/{schedule.pk}": schedule_kinds.ScheduleOut,
        "/schedules": schedule_kinds.ScheduleOut,
        f"/jobs/{job.pk}": shapes.JobOut,
        f"/jobs/{job.pk}/result": shapes.Result,
        f"/tasks/{rows.ADD}": shapes.TaskOut,
        "/tasks": shapes.TaskLine,
        "/filters": saved.FilterOut,
        "/jobs": shapes.JobLine,
        f"/jobs/{job.pk}/events": shapes.EventOut,
        f"/jobs/{job.pk}/attempts": shapes.AttemptOut,
        f"/jobs/{job.pk}/logs": shapes.Line,
    }
    policy = root.get(f"/tasks/{rows.ADD}").json()["policy"]
    assert set(policy) == set(shapes.PolicyOut.model_fields)
    assert set(policy["retries"]) == set(shapes.RetriesOut.model_fields)
    for address, shape in known.items():
        said = root.get(address).json()
        for one in said.get("items", [said]):
            assert set(one) == set(shape.model_fields), address
