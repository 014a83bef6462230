"""Programs ask for jobs."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from jobs.models import Job, Scope, Task
from jobs.params.secret import SEALED
from jobs.states import State, WaitingFor
from tests.doors import form_tasks, rows
from tests.doors.programs import Program, fault, job_of

pytestmark = pytest.mark.django_db
RUN = f"/tasks/{rows.ADD}/jobs"


def test_a_job_is_asked_for_and_is_the_askers(runner):
    answer = runner.post(RUN, {"params": {"x": 1}})
    job = job_of(answer)
    assert answer.status_code == 202
    assert (job.owner, job.params, job.state) == (runner.user, {"x": 1, "y": 0}, State.QUEUED)
    assert answer.json() == {
        "id": job.pk,
        "task_id": job.pk,
        "state": "queued",
        "url": f"/jobs/{job.pk}/",
        "ws_topic": f"job:{job.pk}",
    }
    assert runner.get(answer["Location"].removeprefix("/api")).json()["id"] == job.pk


def test_every_wish_is_kept(runner):
    soon = (timezone.now() + timedelta(hours=1)).replace(microsecond=0)
    wish = {
        "params": {"x": 1, "y": 2},
        "queue": "celery",
        "priority": 9,
        "not_before": soon.isoformat(),
        "expires_at": (soon + timedelta(hours=1)).isoformat(),
        "tags": ["a", "b"],
        "note": "nightly",
    }
    job = job_of(runner.post(RUN, wish))
    assert (job.queue, job.priority, job.tags, job.note) == ("celery", 9, ["a", "b"], "nightly")
    assert (job.not_before, job.expires_at) == (soon, soon + timedelta(hours=1))
    assert (job.state, job.waiting_for) == (State.PENDING, WaitingFor.TIME)


@pytest.mark.parametrize("wish", [{"hold": True}, {"auto_start": False}])
def test_a_held_job_waits_for_its_start(runner, wish):
    job = job_of(runner.post(RUN, {"params": {"x": 1}} | wish))
    assert (job.state, job.waiting_for) == (State.PENDING, WaitingFor.START)
    assert runner.post(f"/jobs/{job.pk}/start").json()["state"] == "queued"


def test_a_countdown_is_a_time(runner):
    job = job_of(runner.post(RUN, {"params": {"x": 1}, "countdown": 60}))
    assert timedelta(seconds=50) < job.not_before - timezone.now() <= timedelta(seconds=60)


def test_the_task_may_stand_in_the_body(runner):
    wish = {"task": rows.ADD, "params": {"x": 1}, "auto_start": True}
    assert job_of(runner.post("/jobs", wish)).state == State.QUEUED
    fault(runner.post("/jobs", {"params": {}}), 422, "invalid")
    fault(runner.post("/jobs", {"task": "nobody.knows"}), 404, "not_found")


def test_secrets_are_sealed_and_come_back_as_dots(root):
    rows.task(form_tasks.many_kinds.name)
    params = {"count": 1, "when": "2026-01-01T00:00:00", "token": "hunter2"}
    job = job_of(root.post(f"/tasks/{form_tasks.many_kinds.name}/jobs", {"params": params}))
    assert SEALED in job.params["token"] and "hunter2" not in json.dumps(job.params)
    shown = root.get(f"/jobs/{job.pk}")
    assert shown.json()["params"]["token"] == "••••••••"
    assert "hunter2" not in shown.content.decode()


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        ({}, {"params.x"}),
        ({"params": {"x": "a", "z": 1}}, {"params.x", "params.z"}),
        ({"params": {"x": 1, "y": "\0"}}, {"params.y"}),
        ({"params": 5}, {"params"}),
        ({"params": {"x": 10**2000}}, {"params.x"}),
        ({"params": {"x": 1}, "queue": "nobody"}, {"queue"}),
        ({"params": {"x": 1}, "priority": 10}, {"priority"}),
        ({"params": {"x": 1}, "expires_at": "2001-01-01T00:00:00Z"}, {"expires_at"}),
        ({"params": {"x": 1}, "not_before": "2030-01-01T00:00:00"}, {"not_before"}),
        (
            {"params": {"x": 1}, "not_before": "2030-01-01T00:00:00Z", "countdown": 1},
            {"countdown"},
        ),
        ({"params": {"x": 1}, "countdown": -1}, {"countdown"}),
        ({"params": {"x": 1}, "countdown": 1e300}, {"countdown"}),
        ({"params": {"x": 1}, "hold": True, "auto_start": True}, {"auto_start"}),
        ({"params": {"x": 1}, "tags": ["x" * 101]}, {"tags.0"}),
        ({"params": {"x": 1}, "tags": ["x"] * 51}, {"tags"}),
        ({"params": {"x": 1}, "note": "\0"}, {"note"}),
        ({"params": {"x": 1}, "idempotency_key": "\0"}, {"idempotency_key"}),
        (
            {"params": {"x": 1}, "owner": 1, "state": "completed", "attempt": 3, "id": "x"},
            {"owner", "state", "attempt", "id"},
        ),
    ],
)
def test_a_wish_that_cannot_be_is_refused_on_its_fields(runner, wish, fields):
    assert set(fault(runner.post(RUN, wish), 422, "invalid")) == fields
    assert not Job.objects.exists()


@pytest.mark.parametrize("body", [None, [], "text", 5])
def test_a_wish_is_an_object(runner, body):
    response = runner.post(RUN, body)
    assert response.status_code in (400, 422) and not Job.objects.exists()


@pytest.mark.parametrize("depth", [50, 300, 600, 900, 950, 990])
def test_a_wish_that_is_nested_beyond_all_use_is_no_fault_of_ours(runner, depth):
    text = '{"idempotency_key": "k", "params": {"x": ' + "[" * depth + "]" * depth + "}}"
    response = runner.post_raw(RUN, text)
    assert response.status_code in (400, 422) and not Job.objects.exists()


def test_who_only_sees_may_not_ask(runner):
    viewers = Group.objects.create(name="viewers")
    Task.objects.get().viewers.add(viewers)
    viewer = Program(rows.user("viewer", viewers))
    fault(viewer.post(RUN, {"params": {"x": 1}}), 403, "forbidden")
    fault(Program(runner.user, Scope.READ).post(RUN, {"params": {"x": 1}}), 403, "scope")


@pytest.mark.parametrize(
    "columns", [{"enabled": False}, {"missing_at": timezone.now()}, {"error": "Traceback"}]
)
def test_what_cannot_run_is_not_asked_for(runner, columns):
    Task.objects.update(**columns)
    fault(runner.post(RUN, {"params": {"x": 1}}), 409, "not_runnable")


def test_a_task_of_other_processes_is_not_asked_for_here(root):
    rows.task("far.away")
    fault(root.post("/tasks/far.away/jobs", {}), 409, "unknown_task")
