"""The API shows jobs: the list, one, and what belongs to it."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from jobs.live.messages import snapshot
from jobs.models import Attempt, Event, Job
from jobs.params.secret import sealed
from jobs.reading import listing
from jobs.states import State
from tests.doors import desk, rows
from tests.doors.programs import Program, fault

pytestmark = pytest.mark.django_db


@pytest.fixture
def root():
    return Program(rows.user("root", is_superuser=True))


def notes(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [item["note"] for item in response.json()["items"]]


def test_a_job_is_shown_as_the_socket_shows_it(root):
    job = rows.job(State.FAILED, owner=root.user, error_type="OSError", error="gone")
    rows.artifact(job, "a.txt")
    shown = root.get(f"/jobs/{job.pk}").json()
    assert shown == snapshot(Job.objects.get(pk=job.pk))["job"]
    assert shown["error"] == {"type": "OSError", "message": "gone"}
    assert [file["name"] for file in shown["artifacts"]] == ["a.txt"]
    assert shown["created_at"].endswith("+00:00")


def test_secrets_are_masked_everywhere(root):
    params = {"user": "ada", "password": sealed("hunter2"), "deep": [{"key": sealed("abc")}]}
    job = rows.job(params=params)
    for response in (root.get(f"/jobs/{job.pk}"), root.get("/jobs")):
        assert "$secret" not in response.content.decode()
        assert "••••" in response.json().get("params", {"": "••••"}).__repr__()


def test_the_filters_choose(root):
    ada = rows.user("ada")
    rows.job(State.FAILED, note="a", owner=ada, queue="slow", tags=["x"])
    rows.job(State.QUEUED, note="b", owner=root.user, ago=7200)
    rows.job(State.PAUSED, note="c", task="far.away")
    hour_ago = (timezone.now() - timedelta(hours=1)).isoformat()
    assert notes(root.get("/jobs", state=["failed", "paused"])) == ["c", "a"]
    assert notes(root.get("/jobs", owner="ada")) == ["a"]
    assert notes(root.get("/jobs", owner="me")) == ["b"]
    assert notes(root.get("/jobs", task="far.away")) == ["c"]
    assert notes(root.get("/jobs", queue="slow")) == ["a"]
    assert notes(root.get("/jobs", tag="x")) == ["a"]
    assert notes(root.get("/jobs", since=hour_ago)) == ["c", "a"]
    assert notes(root.get("/jobs", until=hour_ago)) == ["b"]
    assert notes(root.get("/jobs", q="far")) == ["c"]
    rows.job(State.PENDING, note="d", waiting_for="slot")
    assert notes(root.get("/jobs", waiting_for=["slot", "rate"])) == ["d"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "finished"),
        ("waiting_for", "luck"),
        ("since", "yesterday"),
        ("since", "0001-01-01T00:00:00+14:00"),
        ("until", "2026-01-01T00:00:00"),
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "9" * 5000),
        ("cursor", "nonsense"),
        ("cursor", "MDAwMS0wMS0wMVQwMDowMDowMCswMDowMCA"),
        ("task", "nul\0"),
        ("stat", "failed"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_on_its_field(root, name, value):
    assert {
        key.split(".")[0] for key in fault(root.get("/jobs", **{name: value}), 422, "invalid")
    } == {name}


def test_pages_follow_each_other_without_gap_or_repeat(root):
    for number in range(5):
        rows.job(note=str(number), ago=number // 2)
    first = root.get("/jobs", limit=2).json()
    found = [item["note"] for item in first["items"]]
    assert first["count"] == 5
    page = first
    while page["next"]:
        page = root.get("/jobs", limit=2, cursor=page["next"]).json()
        found += [item["note"] for item in page["items"]]
    assert sorted(found) == ["0", "1", "2", "3", "4"] and len(found) == 5


def test_the_count_is_exact_up_to_a_bound(root, monkeypatch):
    monkeypatch.setattr(listing, "COUNTED", 2)
    rows.job(), rows.job()
    assert root.get("/jobs").json()["count"] == 2
    rows.job()
    assert root.get("/jobs").json()["count"] is None


def test_what_one_may_not_see_is_neither_listed_nor_counted_nor_found():
    stranger, job = Program(rows.user("stranger")), rows.job(State.FAILED)
    assert stranger.get("/jobs").json() == {"items": [], "next": None, "count": 0}
    for part in ("", "/logs", "/events", "/attempts", "/artifacts", "/result", "/stack"):
        fault(stranger.get(f"/jobs/{job.pk}{part}"), 404, "not_found")


def test_long_parameters_are_left_out_of_lists(root):
    job = rows.job(params={"text": "x" * 20_000})
    assert root.get("/jobs").json()["items"][0]["params"] is None
    assert root.get(f"/jobs/{job.pk}").json()["params"] == job.params


@pytest.mark.parametrize(
    "address",
    [
        "/jobs",
        "/jobs/{}",
        "/jobs/{}/logs",
        "/jobs/{}/events",
        "/jobs/{}/attempts",
        "/jobs/{}/artifacts",
    ],
)
def test_many_rows_need_no_more_queries_than_few(root, address, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    def add() -> Job:
        job = rows.job(State.FAILED, owner=rows.user(f"u{Job.objects.count()}"))
        for number in range(3):
            Event.objects.create(job=job, verb="cancel", actor=root.user)
            Attempt.objects.create(job=job, number=number)
            rows.artifact(job, f"{number}.txt")
        rows.log(job, *"abcdefghijklmnop")
        return job

    def queries(job: Job) -> int:
        with desk.asked() as caught:
            assert root.get(address.format(job.pk)).status_code == 200
        return len(caught)

    queries(one := add())
    before = queries(one)
    last = [add() for _more in range(5)][-1]
    Event.objects.bulk_create([Event(job=last, verb="x", actor=root.user)] * 1)
    assert queries(last) <= before


def test_the_log_is_read_piece_by_piece_until_the_job_is_over(root):
    job = rows.job(State.RUNNING)
    rows.log(job, *(f"line {n}" for n in range(1, 21)))
    first = root.get(f"/jobs/{job.pk}/logs", limit=15).json()
    assert [item["line"] for item in first["items"]] == list(range(1, 16))
    assert first["items"][0] | {"time": ""} == {
        "line": 1, "time": "", "level": "info", "text": "line 1",
    }  # fmt: skip
    rest = root.get(f"/jobs/{job.pk}/logs", after=first["next"]).json()
    assert (len(rest["items"]), rest["next"], rest["count"]) == (5, 20, 20)
    Job.objects.filter(pk=job.pk).move(State.COMPLETED)
    assert root.get(f"/jobs/{job.pk}/logs", after=20).json()["next"] is None


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30, "1.5", "²"])
def test_a_line_that_is_no_number_is_refused(root, after):
    assert set(fault(root.get(f"/jobs/{rows.job().pk}/logs", after=after), 422, "invalid")) == {
        "after"
    }


def test_events_come_newest_first_in_pages(root):
    job = rows.job()
    Event.objects.bulk_create(
        [Event(job=job, verb=f"v{n}", actor=root.user, reason="why") for n in range(60)]
    )
    first = root.get(f"/jobs/{job.pk}/events").json()
    assert (first["items"][0]["verb"], first["count"]) == ("v59", 60)
    assert (first["items"][0]["by"], first["items"][0]["reason"]) == ("root", "why")
    rest = root.get(f"/jobs/{job.pk}/events", cursor=first["next"]).json()
    assert [item["verb"] for item in rest["items"]][-1] == "v0" and rest["next"] is None


def test_tracebacks_are_for_the_owner_and_who_manages(root):
    task = rows.task()
    group = Group.objects.create(name="v")
    task.viewers.add(group)
    viewer, owner = Program(rows.user("viewer", group)), Program(rows.user("owner"))
    job = rows.job(State.FAILED, owner=owner.user, traceback="FRAME", error="x", error_type="E")
    Attempt.objects.create(job=job, number=1, traceback="FRAME", error="x", error_type="E")
    for program, may in ((root, True), (owner, True), (viewer, False)):
        for part in ("result", "attempts"):
            assert ("FRAME" in program.get(f"/jobs/{job.pk}/{part}").content.decode()) == may


def test_the_result_is_told_with_the_state(root):
    job = rows.job(State.COMPLETED, result={"n": [1, None]})
    assert root.get(f"/jobs/{job.pk}/result").json() == {
        "state": "completed", "result": {"n": [1, None]}, "error": None, "traceback": None,
    }  # fmt: skip


def test_a_file_comes_as_a_download_under_its_own_job_only(root, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    job, other = rows.job(), rows.job()
    file = rows.artifact(job, "a<b>.html", b"<script>")
    response = root.get(f"/jobs/{job.pk}/artifacts/{file.pk}")
    assert b"".join(response.streaming_content) == b"<script>"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    fault(root.get(f"/jobs/{other.pk}/artifacts/{file.pk}"), 404, "not_found")
    file.file.delete(save=False)
    fault(root.get(f"/jobs/{job.pk}/artifacts/{file.pk}"), 404, "not_found")


@pytest.mark.parametrize("job_id", ["a/b", "a b", "ünï", "x" * 255])
def test_an_id_that_a_caller_made_up_is_found(root, job_id):
    rows.job(id=job_id)
    assert root.get(f"/jobs/{quote(job_id)}").json()["id"] == job_id
    assert root.get(f"/jobs/{quote(job_id)}/result").status_code == 200
