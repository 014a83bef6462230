"""Editing a job that has not started, on its own page and in bulk."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from jobs import enqueue
from jobs.execution import control
from jobs.execution.control import Order
from jobs.models import Artifact, Event, Job
from jobs.states import WAITING, State, WaitingFor
from tests import sample_tasks
from tests.doors import form_tasks, rows

pytestmark = pytest.mark.django_db
LATER = timezone.now() + timedelta(hours=2)


@pytest.fixture
def manager() -> Client:
    group = Group.objects.create(name="managers")
    rows.task(queue="slow").managers.add(group)
    client = Client()
    client.force_login(rows.user("olivia", group))
    return client


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def address(job: Job) -> str:
    return f"/jobs/{job.pk}/edit"


def now(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def place(client: Client, job: Job, **fields: Any) -> Any:
    """Send the first form of the page as a browser would, `fields` over it."""
    shown = client.get(address(job)).context["placing"]
    form = {field.html_name: field.value() for field in shown}
    given = {f"job-{name}": value for name, value in fields.items()}
    sent = {name: "" if value is None else value for name, value in (form | given).items()}
    return client.post(address(job), sent | {"job-what": "placing"})


def parameters(client: Client, job: Job, **fields: Any) -> Any:
    return client.post(address(job), fields | {"job-what": "params"})


@pytest.mark.parametrize("state", State)
def test_only_what_waits_offers_its_edit(manager, state):
    job = rows.job(state)
    page = manager.get(f"/jobs/{job.pk}/").content.decode()
    assert (address(job) in page) == (state in WAITING)
    assert manager.get(address(job)).status_code == (200 if state in WAITING else 302)


def test_queue_priority_and_times_are_saved_with_the_reason(manager):
    job = rows.job()
    moment = timezone.localtime(LATER).strftime("%Y-%m-%dT%H:%M")
    response = place(
        manager, job, queue="slow", priority="9", not_before=moment, reason="less urgent"
    )
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert (now(job).queue, now(job).priority, now(job).state) == ("slow", 9, State.PENDING)
    assert abs(now(job).not_before - LATER) < timedelta(minutes=1)
    event = Event.objects.get(job=job)
    assert (event.verb, event.reason, event.after["queue"]) == ("edit", "less urgent", "slow")


def test_a_form_that_was_not_touched_changes_nothing(manager):
    job = rows.job(State.PAUSED, not_before=LATER, expires_at=LATER, queue="old one")
    page = manager.post(
        address(job),
        {
            "job-what": "placing",
            **{
                f"job-{field.name}": field.value() or ""
                for field in manager.get(address(job)).context["placing"]
            },
        },
        follow=True,
    )
    assert "Nothing was changed" in page.content.decode()
    assert now(job).version == job.version and not Event.objects.exists()


def test_an_emptied_time_is_lifted(manager):
    job = rows.job(State.PENDING, waiting_for=WaitingFor.TIME, not_before=LATER)
    place(manager, job, not_before="")
    assert (now(job).not_before, now(job).state) == (None, State.QUEUED)


def test_errors_stand_at_their_fields_and_nothing_is_saved(manager):
    job = rows.job()
    page = place(
        manager,
        job,
        queue="nobody",
        priority="10",
        not_before="soon",
        expires_at="2020-01-01T00:00",
    )
    assert page.status_code == 422
    assert set(page.context["placing"].errors) == {
        "queue",
        "priority",
        "not_before",
        "expires_at",
    }
    assert now(job).version == job.version


def test_parameters_are_prefilled_judged_and_saved(manager):
    job = rows.job(params={"x": 4, "y": 5})
    form = manager.get(address(job)).context["params"]
    assert [(field.name, str(field.value())) for field in form] == [("x", "4"), ("y", "5")]
    page = parameters(manager, job, x="many", y="5")
    assert page.status_code == 422 and set(page.context["params"].errors) == {"x"}
    assert parameters(manager, job, x="7", y="5").status_code == 302
    assert now(job).params == {"x": 7, "y": 5}


def test_of_a_call_from_code_whole_values_are_prefilled(admin):
    rows.task(sample_tasks.give_back.name)
    long = "x" * 5000
    sample_tasks.give_back.delay(long)
    job = Job.objects.get()
    form = admin.get(address(job)).context["params"]
    assert long in form["value"].value()


def test_no_secret_is_sent_back_and_moving_a_job_needs_none(admin):
    rows.task(sample_tasks.log_in.name)
    given = {"user": "ann", "password": "hunter2", "token": "swordfish"}
    stored = enqueue(sample_tasks.log_in.name, given)
    sample_tasks.log_in.delay("ann", "hunter2", "swordfish")
    for job in (stored, Job.objects.exclude(pk=stored.pk).get()):
        page = admin.get(address(job)).content.decode()
        assert "hunter2" not in page and "swordfish" not in page and "••" not in page
        place(admin, job, priority="1")
        assert now(job).priority == 1
        page = parameters(admin, job, user="bob")
        assert page.status_code == 422, "a secret is given anew with other parameters"


def test_files_are_kept_unless_others_are_chosen(admin, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    rows.task(form_tasks.uploads.name)
    uploads = [SimpleUploadedFile(f"{n}.txt", b"%d" % n) for n in range(3)]
    job = enqueue(form_tasks.uploads.name, {"files": uploads[:2], "table": uploads[2]})
    before = now(job).params
    page = admin.get(address(job)).content.decode()
    assert "keeps: 0.txt, 1.txt" in page and "keeps: 2.txt" in page
    other = SimpleUploadedFile("new.txt", b"new")
    assert parameters(admin, job, table=other).status_code == 302
    after = now(job).params
    assert after["files"] == before["files"] and after["table"] != before["table"]
    assert Artifact.objects.get(pk=after["table"]["$file"]).file.read() == b"new"


def test_parameters_are_for_those_who_may_run_the_task(manager):
    owner = rows.user("nora")
    client = Client()
    client.force_login(owner)
    job = rows.job(owner=owner, params={"x": 1, "y": 0})
    assert client.get(address(job)).context["params"] is None
    assert parameters(client, job, x="7").status_code in (403, 404)
    assert now(job).params == {"x": 1, "y": 0}
    assert place(client, job, priority="2").status_code == 302


def test_the_page_tells_what_was_edited_by_whom(manager):
    job = rows.job(params={"x": 1, "y": 2})
    place(manager, job, queue="slow", priority="8", reason="less urgent")
    parameters(manager, job, x="7", y="2")
    story = manager.get(f"/jobs/{job.pk}/").context["sheet"].story
    told = {
        (one.words, one.detail, str(one.person)) for one in story if one.words == "Edited by"
    }
    assert told == {
        ("Edited by", "queue: slow, priority: 8 · less urgent", "olivia"),
        ("Edited by", "x", "olivia"),
    }


def test_what_has_started_meanwhile_is_told(manager):
    job = rows.job(State.RUNNING)
    page = manager.post(address(job), {"job-what": "placing", "job-priority": "3"}, follow=True)
    assert "has started" in page.content.decode()
    assert now(job).priority == job.priority


def bulk(client: Client, *jobs: Job, **fields: str) -> Any:
    url = "/jobs/bulk?verb=edit" + "".join(f"&job={job.pk}" for job in jobs)
    page = client.get(url).content.decode()
    expect = re.search(r'name="expect" value="(\d+)"', page)
    form = {f"job-{name}": value for name, value in fields.items()}
    return client.post(url, form | {"expect": expect and expect[1]}, follow=True)


def test_many_are_edited_at_once(manager):
    waiting = (
        rows.job(queue="celery"),
        rows.job(State.PAUSED),
        rows.job(priority=8, queue="slow"),
    )
    running = rows.job(State.RUNNING)
    page = bulk(manager, *waiting, running, queue="slow", priority="8")
    told = [str(message) for message in page.context["messages"]]
    assert told == ["2 changed, 1 was so before, or had moved on"]
    assert {(now(job).queue, now(job).priority) for job in waiting} == {("slow", 8)}
    assert now(running).queue == "celery"


def test_many_are_held_back_and_let_go(manager):
    jobs = [rows.job() for _ in range(2)]
    bulk(manager, *jobs, not_before=timezone.localtime(LATER).strftime("%Y-%m-%dT%H:%M"))
    assert {now(job).state for job in jobs} == {State.PENDING}
    bulk(manager, *jobs, soon="on")
    assert {(now(job).state, now(job).not_before) for job in jobs} == {(State.QUEUED, None)}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "__all__"),
        ({"queue": "nobody"}, "queue"),
        ({"priority": "77"}, "priority"),
        ({"not_before": "soon"}, "not_before"),
        ({"soon": "on", "not_before": "2099-01-01T00:00"}, "soon"),
    ],
)
def test_wrong_edits_of_many_are_shown_again(manager, fields, wrong):
    job = rows.job()
    page = bulk(manager, job, **fields)
    assert page.status_code == 422 and wrong in page.context["form"].errors
    assert now(job).version == job.version


def test_what_was_written_on_a_job_is_told_in_its_story(admin):
    job = rows.job(State.FAILED)
    control.annotate(Job.objects.all(), Order(None, "mine"), tags=["a", "b"], note="look")
    page = admin.get(f"/jobs/{job.pk}/").content.decode()
    assert "tags: a b, note: look" in page
