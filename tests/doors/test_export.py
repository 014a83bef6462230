"""All that match, as a file: from the page and from the API."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs.live import messages
from jobs.params.secret import sealed
from jobs.reading import filters, listing
from jobs.reading.export import COLUMNS
from jobs.states import State
from tests.doors import rows
from tests.doors.programs import Program, fault
from tests.sample_tasks import log_in

pytestmark = pytest.mark.django_db
FORMULA = "=HYPERLINK(0)"


@pytest.fixture
def root() -> Any:
    return rows.user("root", is_superuser=True)


@pytest.fixture
def page(client: Client, root: Any) -> Any:
    client.force_login(root)
    return lambda **query: client.get("/jobs/export", query)


def body(response: Any) -> str:
    assert response.status_code == 200, response
    return b"".join(response.streaming_content).decode("utf-8-sig")


def table(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(response))))


def test_a_table_holds_what_matches_and_is_a_file_to_keep(page, root):
    rows.job(State.FAILED, owner=root, error="gone", params={"x": 1}, tags=["a", "b"])
    rows.job(State.RUNNING)
    response = page(q="state:failed")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["X-Content-Type-Options"] == "nosniff"
    [row] = table(response)
    assert list(row) == list(COLUMNS)
    assert (row["state"], row["owner"], row["error"]) == ("failed", "root", "gone")
    assert (row["seconds"], row["params"], row["tags"]) == ("2.0", '{"x": 1}', "a b")


@pytest.mark.parametrize("task", [log_in.name, "gone.away"])
def test_what_is_a_secret_by_now_stands_in_no_answer(page, root, task):
    """Rows of before a parameter was called one hold it as it was."""
    plain = {"user": "ada", "password": "hunter2", "token": "hunter2"}
    kept = {"user": "ada", "password": sealed("hunter2"), "token": sealed("hunter2")}
    job = rows.job(task=task, params=plain if task == log_in.name else kept, owner=root)
    api = Program(root)
    told = [body(page()), body(page(format="jsonl"))]
    told += [str(api.get(place).json()) for place in ("/jobs", f"/jobs/{job.pk}")]
    told += [str(messages.snapshot(job))]
    for each in told:
        assert "ada" in each and "hunter2" not in each


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_becomes_a_formula(page, start):
    rows.job(
        State.FAILED, note=f"{start}1", queue=f"{start}1", worker=f"{start}1",
        error=f"{start}1", reason=f"{start}1", tags=[f"{start}1"], id=f"{start}1",
        task=f"{start}1",
    )  # fmt: skip
    [row] = table(page())
    assert [name for name, cell in row.items() if cell.startswith(start)] == []
    assert row["note"] == f"'{start}1"


def test_lines_of_json_are_the_items_of_the_api(page, root):
    rows.job(State.FAILED, params={"token": sealed("hunter2"), "n": 1}, note="ñ")
    response = page(format="jsonl")
    [line] = body(response).splitlines()
    assert json.loads(line) == Program(root).get("/jobs").json()["items"][0]
    assert "$secret" not in line and json.loads(line)["params"]["token"] == "••••••••"


def test_however_many_there_are_all_come_once_in_batches(page, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 3)
    monkeypatch.setattr(filters, "SEARCHED", 2)
    for number in range(10):
        rows.job(note=str(number), ago=100 - number, tags=["odd"] * (number % 2))
    notes = [row["note"] for row in table(page())]
    assert notes == [str(number) for number in reversed(range(10))]
    assert [row["note"] for row in table(page(q="tag:odd"))] == ["9", "7", "5", "3", "1"]


def test_rows_need_no_queries_of_their_own(page, root):
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            body(page(q="queue:celery"))
        return len(caught)

    rows.job(owner=root)
    queries()
    before = queries()
    for number in range(20):
        rows.job(owner=rows.user(f"u{number}"))
    assert queries() == before


def test_only_what_one_may_see_is_in_it(client: Client):
    viewers = Group.objects.create(name="viewers")
    rows.task().viewers.add(viewers)
    rows.job(note="seen"), rows.job(task="other.task", note="unseen")
    client.force_login(rows.user("vera", viewers))
    assert [row["note"] for row in table(client.get("/jobs/export"))] == ["seen"]


def test_a_right_that_is_taken_away_ends_it(client: Client, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 1)
    viewers = Group.objects.create(name="viewers")
    rows.task().viewers.add(viewers)
    vera = rows.user("vera", viewers)
    rows.job(), rows.job(), rows.job()
    client.force_login(vera)
    lines = iter(client.get("/jobs/export").streaming_content)
    next(lines), next(lines)
    vera.groups.clear()
    assert list(lines) == []


def test_a_mistake_leads_back_to_the_list_that_tells_it(page):
    assert page(q="state:odd")["Location"] == "/jobs/?q=state:odd"
    assert page(format="xml").status_code == 404


@pytest.mark.parametrize("how", [{"format": "csv"}, {"accept": "text/csv"}])
def test_programs_get_the_same(root, how):
    rows.job(State.FAILED, note="it"), rows.job()
    program, query = Program(root), {"state": "failed"}
    response = program.get("/jobs", **query, **{k: v for k, v in how.items() if k == "format"})
    if "accept" in how:
        response = program._client.get("/api/jobs", query, headers={"Accept": how["accept"]})
    assert [row["note"] for row in table(response)] == ["it"]
    assert response["Content-Disposition"].startswith("attachment")


def test_programs_are_told_of_mistakes(root):
    program = Program(root)
    assert set(fault(program.get("/jobs", format="xml"), 422, "invalid")) == {"format"}
    assert set(fault(program.get("/jobs", format="csv", q="x:y"), 422, "invalid")) == {"q"}
    assert set(fault(program.get("/jobs", workflow="7"), 422, "invalid")) == {"workflow"}
