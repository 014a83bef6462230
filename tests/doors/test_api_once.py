"""Programs ask for a job once, for many, and with files."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django_celery_beat.models import PeriodicTask

from jobs import enqueue
from jobs.models import Artifact, Job, Task
from jobs.states import State
from tests import alike_tasks
from tests.doors import form_tasks, rows
from tests.doors.programs import Program, fault, job_of

pytestmark = pytest.mark.django_db
RUN = f"/tasks/{rows.ADD}/jobs"


# --- Once ----------------------------------------------------------------------------------


def test_the_same_wish_under_the_same_key_finds_its_job(runner):
    wish = {"params": {"x": 1}, "idempotency_key": "order-7"}
    first = runner.post(RUN, wish)
    again = runner.post(RUN, {"idempotency_key": "order-7", "params": {"x": 1}, "tags": []})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    # The header is the same key.
    header = runner.post(RUN, {"params": {"x": 1}}, **{"Idempotency-Key": "order-7"})
    assert header.json()["id"] == first.json()["id"]
    # Also when the task was disabled meanwhile: it was asked for before.
    Task.objects.update(enabled=False)
    assert runner.post(RUN, wish).status_code == 200
    assert Job.objects.count() == 1


def test_another_wish_under_the_same_key_is_a_conflict(runner):
    wish = {"params": {"x": 1}, "idempotency_key": "k"}
    runner.post(RUN, wish)
    fields = fault(runner.post(RUN, wish | {"params": {"x": 2}}), 409, "key_reused")
    assert set(fields) == {"idempotency_key"}
    fault(runner.post(RUN, wish | {"priority": 1}), 409, "key_reused")
    other = Program(rows.user("other", *runner.user.groups.all()))
    assert other.post(RUN, wish).status_code == 202
    assert Job.objects.count() == 2


def test_a_wish_that_was_refused_leaves_its_key_free(runner):
    fault(runner.post(RUN, {"params": {}, "idempotency_key": "k"}), 422, "invalid")
    assert runner.post(RUN, {"params": {"x": 1}, "idempotency_key": "k"}).status_code == 202


def test_a_job_runs_again_once_under_one_key(root):
    rows.task()
    job = rows.job(State.FAILED, params={"x": 1})
    key = {"idempotency_key": "again"}
    answers = [root.post(f"/jobs/{job.pk}/retry", key) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [202, 200]
    assert Job.objects.filter(retry_of=job).count() == 1
    fault(root.post(f"/jobs/{job.pk}/retry", key | {"params": {"x": 2}}), 409, "key_reused")


def test_a_schedule_is_made_once_under_one_key(root):
    rows.task()
    wish = {"name": "hourly", "task": rows.ADD, "params": {"x": 1}, "every_seconds": 3600}
    key = {"Idempotency-Key": "s-1"}
    answers = [root.post("/schedules", wish, **key) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert PeriodicTask.objects.filter(name="hourly").count() == 1
    fault(root.post("/schedules", wish | {"name": "b"}, **key), 409, "key_reused")
    fault(root.post(RUN, {"params": {"x": 1}}, **key), 409, "key_reused")


# --- One at a time -------------------------------------------------------------------------


def test_a_job_that_is_like_it_is_the_answer(runner):
    wish = {"params": {"x": 1}, "unique_key": "nightly"}
    first, again = runner.post(RUN, wish), runner.post(RUN, wish | {"params": {"x": 2}})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    # Under an idempotency key that is kept too.
    keyed = [runner.post(RUN, wish | {"idempotency_key": "k"}) for _twice in range(2)]
    assert {(each.status_code, each.json()["id"]) for each in keyed} == {
        (200, first.json()["id"])
    }
    assert Job.objects.count() == 1


def test_nobody_is_given_a_job_that_is_not_theirs_to_see():
    rows.task()
    runner = Program(rows.user("bob"))
    runner.user.user_permissions.add(Permission.objects.get(codename="run_any"))
    hidden = enqueue(rows.ADD, {"x": 1}, unique_key="nightly")
    answer = runner.post(RUN, {"params": {"x": 1}, "unique_key": "nightly"})
    fault(answer, 409, "not_unique")
    assert hidden.pk not in answer.content.decode()
    Job.objects.update(owner=runner.user)
    answer = runner.post(RUN, {"params": {"x": 1}, "unique_key": "nightly"})
    assert (answer.status_code, answer.json()["id"]) == (200, hidden.pk)


def test_nobody_changes_a_job_that_is_not_theirs_to_control():
    group = Group.objects.create(name="greeters")
    rows.task(alike_tasks.greet.name).runners.add(group)
    ada, bob = (Program(rows.user(name, group)) for name in ("ada", "bob"))
    address = f"/tasks/{alike_tasks.greet.name}/jobs"
    first = ada.post(address, {"params": {"customer": 1, "words": "mine"}})
    wish = {"params": {"customer": 1, "words": "his"}}
    fault(bob.post(address, wish), 409, "not_unique")
    assert Job.objects.get().params["words"] == "mine"
    again = ada.post(address, wish)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert Job.objects.get().params["words"] == "his"


def test_what_is_to_be_refused_is_a_conflict_that_names_the_other(root):
    rows.task(alike_tasks.bill.name)
    address = f"/tasks/{alike_tasks.bill.name}/jobs"
    first = root.post(address, {"params": {"customer": 1}})
    answer = root.post(address, {"params": {"customer": 1}})
    fault(answer, 409, "not_unique")
    assert first.json()["id"] in answer.json()["detail"]
    wishes = [{"task": alike_tasks.bill.name, "params": {"customer": n}} for n in (2, 2)]
    fault(root.post("/jobs:bulk", {"jobs": wishes}), 409, "not_unique")
    assert Job.objects.count() == 1


# --- Many ----------------------------------------------------------------------------------


def test_many_are_asked_for_at_once(runner):
    wishes = [{"task": rows.ADD, "params": {"x": n}, "tags": ["lot"]} for n in range(5)]
    answer = runner.post("/jobs:bulk", {"jobs": wishes})
    assert answer.status_code == 202
    ids = [item["id"] for item in answer.json()["items"]]
    assert [Job.objects.get(pk=key).params["x"] for key in ids] == list(range(5))


def test_all_of_them_or_none(runner):
    wishes = [{"task": rows.ADD, "params": {"x": x}} for x in (1, "a", 3)]
    fields = fault(runner.post("/jobs:bulk", {"jobs": wishes}), 422, "invalid")
    assert set(fields) == {"jobs.1.params.x"}
    wishes = [{"task": rows.ADD, "params": {"x": 1}}, {"task": "hidden"}]
    assert set(fault(runner.post("/jobs:bulk", {"jobs": wishes}), 404, "not_found")) == {
        "jobs.1"
    }
    fault(runner.post("/jobs:bulk", {"jobs": []}), 422, "invalid")
    assert not Job.objects.exists()


# --- Files ---------------------------------------------------------------------------------


def test_files_come_as_a_form(root, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    name = form_tasks.uploads.name
    rows.task(name)
    parts = {
        "files": SimpleUploadedFile("a.txt", b"one"),
        "table": SimpleUploadedFile("t.csv", b"two"),
        "tags": ["x", "y"],
        "priority": "3",
        "hold": "true",
        "idempotency_key": "k",
    }
    job = job_of(root.send_files(f"/tasks/{name}/jobs", **parts))
    assert (job.tags, job.priority, job.waiting_for) == (["x", "y"], 3, "start")
    kept = Artifact.objects.filter(job=job).order_by("name")
    assert [(file.name, file.file.read()) for file in kept] == [
        ("a.txt", b"one"),
        ("t.csv", b"two"),
    ]
    for part in ("files", "table"):
        parts[part].seek(0)
    again = root.send_files(f"/tasks/{name}/jobs", **parts)
    assert (again.status_code, again.json()["id"]) == (200, job.pk)
    parts["files"] = SimpleUploadedFile("a.txt", b"other")
    parts["table"].seek(0)
    fault(root.send_files(f"/tasks/{name}/jobs", **parts), 409, "key_reused")


def test_a_form_holds_its_other_parameters_as_json(runner):
    answer = runner.send_files(RUN, params='{"x": 4}', note="by form")
    assert job_of(answer).params == {"x": 4, "y": 0}
    fault(runner.send_files(RUN, params="{"), 400, "bad_request")
    assert set(fault(runner.send_files(RUN, params="[]"), 422, "invalid")) == {"params"}
    unknown = SimpleUploadedFile("a.txt", b"one")
    fields = fault(runner.send_files(RUN, params='{"x": 4}', z=unknown), 422, "invalid")
    assert set(fields) == {"params.z"}


def test_nobody_names_a_file_of_another_job(root, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    rows.task(form_tasks.uploads.name)
    secret = rows.artifact(rows.job(), "a.txt", b"hidden", kind=Artifact.Kind.INPUT)
    wish = {"params": {"files": [{"$file": str(secret.pk)}]}}
    response = root.post(f"/tasks/{form_tasks.uploads.name}/jobs", wish)
    assert set(fault(response, 422, "invalid")) == {"params.files"}
