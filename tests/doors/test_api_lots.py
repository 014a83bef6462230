"""Programs send a stream of wishes: each is taken or refused by itself."""

import json

import pytest
from django.contrib.auth.models import Group

from jobs.api import lines, lots
from jobs.api.errors import Refusal
from jobs.models import AskedOnce, Job, Scope
from jobs.states import State
from tests.doors import form_tasks, rows
from tests.doors.programs import Program, fault

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(lots, "PORTION", 2)
    monkeypatch.setattr(lines, "_PIECE", 7)


def wish(x, **more) -> dict:
    return {"task": rows.ADD, "params": {"x": x}, **more}


def sent(program: Program, body, kind: str = lines.NDJSON, **headers) -> list[dict]:
    """What is answered to each, and the counts."""
    answer = program.post_text("/jobs:bulk", body, kind, **headers)
    assert (answer.status_code, answer["Content-Type"]) == (200, lines.NDJSON), answer.content
    return [json.loads(line) for line in answer.getvalue().splitlines()]


def as_lines(*wishes) -> str:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in wishes)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", [lines.NDJSON, "application/json"])
def test_each_is_answered_in_its_turn(runner, kind):
    wishes = [wish(1), wish("a"), wish(3, priority=9, tags=["ä"]), {"task": "hidden"}, wish(5)]
    body = as_lines(*wishes) if kind == lines.NDJSON else json.dumps(wishes, ensure_ascii=False)
    *said, counts = sent(runner, body, kind)
    assert counts == {"asked": 3, "refused": 2}
    assert [one["line"] for one in said] == [1, 2, 3, 4, 5]
    found = Job.objects.in_bulk([one["id"] for one in said if "id" in one])
    assert [job.params["x"] for job in found.values()] and len(found) == 3
    job = found[said[2]["id"]]
    assert (job.params, job.priority, job.tags) == ({"x": 3, "y": 0}, 9, ["ä"])
    assert (job.owner, job.state, said[2]["state"]) == (runner.user, State.QUEUED, "queued")
    assert said[1]["error"]["code"] == "invalid"
    assert set(said[1]["error"]["fields"]) == {"params.x"}
    assert said[3]["error"]["code"] == "not_found"


def test_what_cannot_be_read_is_told_of_its_line_and_the_next_one_is_read(runner, monkeypatch):
    monkeypatch.setattr(lines, "longest", lambda: 200)
    long = json.dumps(wish("x" * 300))
    body = as_lines(wish(1), "{", "", "[]", '{"x": NaN}', long, "5", wish(2))
    *said, counts = sent(runner, body)
    assert counts == {"asked": 2, "refused": 5}
    codes = [one.get("error", {}).get("code") for one in said]
    assert codes == [
        None,
        "bad_request",
        "invalid",
        "bad_request",
        "too_large",
        "invalid",
        None,
    ]


@pytest.mark.parametrize("rest", ["]", ",", "", "5", '{"task": ', "\xff", "[[[[", '"a"'])
def test_an_array_that_breaks_off_keeps_what_came_before(runner, rest):
    body = b"[" + json.dumps(wish(1)).encode() + b"," + rest.encode("latin-1")
    one, broken, counts = sent(runner, body, "application/json")
    assert Job.objects.get().pk == one["id"]
    assert broken["error"]["code"] == "bad_request"
    assert counts == {"asked": 1, "refused": 1}


def test_nothing_is_asked_for_by_nothing(runner):
    for body, kind in (("\n \n", lines.NDJSON), ("[]", "application/json")):
        assert sent(runner, body, kind) == [{"asked": 0, "refused": 0}]
    fault(runner.post_text("/jobs:bulk", "x", "text/plain"), 400, "bad_request")
    fault(runner.post_text("/jobs:bulk", "{", "application/json"), 400, "bad_request")


def test_one_request_holds_so_many_and_no_more(runner, monkeypatch, settings):
    monkeypatch.setattr(lots, "MOST_OF_A_STREAM", 2)
    *said, counts = sent(runner, as_lines(wish(1), wish(2), wish(3), wish(4)))
    assert (counts, said[2]["error"]["code"]) == ({"asked": 2, "refused": 1}, "too_large")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    body = json.dumps({"jobs": [wish("x" * 100)]})
    fault(runner.post_text("/jobs:bulk", body, "application/json"), 400, "too_large")


def test_a_stream_that_is_sent_again_finds_its_jobs(runner):
    body = as_lines(wish(1), wish(2, idempotency_key="own"))
    key = {"Idempotency-Key": "import-7"}
    first, again = sent(runner, body, **key), sent(runner, body, **key)
    assert [one.get("id") for one in first] == [one.get("id") for one in again]
    assert set(AskedOnce.objects.values_list("key", flat=True)) == {"import-7:1", "own"}
    other = as_lines(wish(3), wish(2, idempotency_key="own"), wish(4))
    *said, counts = sent(runner, other, **key)
    assert (said[0]["error"]["code"], counts) == ("key_reused", {"asked": 2, "refused": 1})
    assert Job.objects.count() == 3


def test_of_those_that_are_alike_one_is_made(runner):
    body = as_lines(wish(1), wish(2, unique_key="u"), wish(3, unique_key="u"), wish(4))
    *said, counts = sent(runner, body)
    ids = [one["id"] for one in said]
    assert (counts["asked"], ids[1] == ids[2], Job.objects.count()) == (4, True, 3)


def test_one_asks_for_what_one_may_alone():
    task = rows.task()
    seen, hidden = Group.objects.create(name="viewers"), Group.objects.create(name="nobody")
    task.viewers.add(seen)
    viewer, stranger = Program(rows.user("v", seen)), Program(rows.user("s", hidden))
    [one, _counts] = sent(viewer, as_lines(wish(1)))
    assert one["error"]["code"] == "forbidden"
    [one, _counts] = sent(stranger, as_lines(wish(1)))
    assert one["error"]["code"] == "not_found"
    reader = Program(viewer.user, Scope.READ)
    fault(reader.post_text("/jobs:bulk", as_lines(wish(1)), lines.NDJSON), 403, "scope")
    assert not Job.objects.exists()


def test_a_disabled_task_and_files_are_refused_and_contradictions_too(root):
    rows.task(form_tasks.uploads.name)
    rows.task(enabled=False)
    files = {"task": form_tasks.uploads.name, "params": {"files": []}}
    twice = files | {"hold": True, "auto_start": True}
    nowhere = files | {"queue": "nowhere at all"}
    *said, _counts = sent(root, as_lines(wish(1), files, twice, nowhere))
    assert [one["error"]["code"] for one in said] == [
        "not_runnable",
        "invalid",
        "invalid",
        "invalid",
    ]
    assert set(said[2]["error"]["fields"]) == {"auto_start"}
    assert set(said[3]["error"]["fields"]) == {"queue"}


def test_what_breaks_on_our_side_says_so_and_ends_the_answer(runner, monkeypatch):
    def broken(jobs):
        raise RuntimeError("no")

    monkeypatch.setattr(lots, "insert_many", broken)
    [said] = sent(runner, as_lines(wish(1), wish(2)))
    assert said == {
        "error": {"code": "broken", "detail": said["error"]["detail"], "fields": {}}
    }


def test_values_of_any_size_come_out_as_they_went_in(monkeypatch):
    class Slow:
        def __init__(self, data: bytes) -> None:
            self.data = data

        def read(self, size: int = -1) -> bytes:
            piece, self.data = self.data[:1], self.data[1:]
            return piece

    values = [{}, {"a": ']},{["\\ é🙂'}, {"b": [1, [2, {}]]}]
    text = json.dumps(values, ensure_ascii=False, indent=1).encode()
    assert list(lines.values_of_array(b"", Slow(text))) == values
    with pytest.raises(Refusal):
        list(lines.values_of_array(b'[{"a": 1e999}, {"b": Infinity}]', Slow(b"")))
