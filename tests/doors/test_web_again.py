"""Run again with edits: the run form of the task, filled from a job that has ended."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs import enqueue
from jobs.models import Artifact, Event, Job
from jobs.states import FINAL, LIVE, State
from tests.doors import form_tasks, rows

pytestmark = pytest.mark.django_db
FORM = f"/tasks/{rows.ADD}/"


@pytest.fixture
def admin(settings: Any, tmp_path: Any) -> Client:
    settings.MEDIA_ROOT = tmp_path
    client = Client()
    client.force_login(rows.user("admin", is_superuser=True))
    rows.task()
    return client


def again(client: Client, job: Job, form: str = FORM, **fields: Any) -> Any:
    """Open the form from the job's page, fill in `fields`, send it."""
    page = client.get(f"{form}?from={job.pk}")
    assert f'name="job-from" value="{job.pk}"' in page.content.decode()
    sent = {"job-from": job.pk, "job-ticket": page.context["ticket"], **fields}
    return client.post(form, sent)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_the_new_job_is_linked_and_the_event_says_who(admin, state):
    owner = rows.user("nora")
    job = rows.job(state, params={"x": 1, "y": 2}, owner=owner, queue="slow", priority=8)
    response = again(admin, job, x="5", y="2")
    new = Job.objects.get(retry_of=job)
    assert response["Location"] == f"/jobs/{new.pk}/"
    assert (new.params, new.owner) == ({"x": 5, "y": 2}, owner)
    assert (new.queue, new.priority) == ("slow", 8)
    event = Event.objects.get(job=job, verb="retry")
    assert (event.actor.username, event.after) == ("admin", {"job": new.pk})


@pytest.mark.parametrize("state", sorted(LIVE))
def test_what_has_not_ended_only_lends_its_parameters(admin, state):
    job = rows.job(state, params={"x": 1, "y": 2})
    assert again(admin, job, x="5").status_code == 302
    new = Job.objects.exclude(pk=job.pk).get()
    assert (new.retry_of, new.owner.username) == (None, "admin")
    assert not Event.objects.exists()


def test_sent_twice_it_runs_once(admin):
    job = rows.job(State.FAILED, params={"x": 1})
    ticket = admin.get(f"{FORM}?from={job.pk}").context["ticket"]
    sent = {"job-from": job.pk, "job-ticket": ticket, "x": "5"}
    first, second = (admin.post(FORM, sent) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Job.objects.filter(retry_of=job).count() == Event.objects.count() == 1


def test_wrong_parameters_come_back_still_linked(admin):
    job = rows.job(State.FAILED, params={"x": 1})
    page = again(admin, job, x="many")
    assert page.status_code == 422
    assert f'name="job-from" value="{job.pk}"' in page.content.decode()
    assert not Job.objects.filter(retry_of=job).exists()


def test_filling_from_the_last_run_links_nothing(admin):
    job = rows.job(State.COMPLETED, params={"x": 41})
    page = admin.get(FORM).content.decode()
    assert f"?like={job.pk}#run" in page
    page = admin.get(f"{FORM}?like={job.pk}").content.decode()
    assert 'value="41"' in page and "job-from" not in page


def test_who_may_only_look_at_a_job_runs_their_own(admin):
    group = Group.objects.create(name="runners")
    task = form_tasks.nothing.name
    rows.task(task).runners.add(group)
    client = Client()
    client.force_login(runner := rows.user("rita", group))
    job = rows.job(State.FAILED, task=task)
    again(client, job, f"/tasks/{task}/")
    new = Job.objects.exclude(pk=job.pk).get()
    assert (new.retry_of, new.owner) == (None, runner)


def test_a_job_one_may_not_see_or_of_another_task_lends_nothing(admin):
    task = rows.task(form_tasks.uploads.name)
    task.runners.add(group := Group.objects.create(name="runners"))
    client = Client()
    client.force_login(rows.user("rita", group))
    unseen = rows.job(State.FAILED, task="somebody.elses")
    other = rows.job(State.FAILED, task=form_tasks.nothing.name)
    for job in (unseen, other):
        page = client.post(f"/tasks/{task.name}/", {"job-from": job.pk})
        assert page.status_code == 422 and page.context["again"] is None
    assert not Job.objects.filter(task=task).exists()


def test_files_that_are_not_replaced_are_given_again_as_copies(admin):
    form = f"/tasks/{form_tasks.uploads.name}/"
    rows.task(form_tasks.uploads.name)
    uploads = [SimpleUploadedFile(f"{n}.txt", b"%d" % n) for n in range(3)]
    job = enqueue(form_tasks.uploads.name, {"files": uploads[:2], "table": uploads[2]})
    Job.objects.filter(pk=job.pk).move(State.CANCELLED)
    assert "keeps: 0.txt, 1.txt" in admin.get(f"{form}?from={job.pk}").content.decode()
    again(admin, job, form, table=SimpleUploadedFile("new.txt", b"new"))
    new = Job.objects.get(retry_of=job)
    given = Artifact.objects.filter(job=new).order_by("name")
    shown = [(each.name, each.file.read()) for each in given]
    assert shown == [("0.txt", b"0"), ("1.txt", b"1"), ("new.txt", b"new")]
    assert Artifact.objects.filter(job=job).count() == 3


def test_nobody_names_a_file_into_a_form(admin):
    """What is stored of a file is no way to ask for one."""
    form = f"/tasks/{form_tasks.uploads.name}/"
    rows.task(form_tasks.uploads.name)
    secret = rows.artifact(rows.job(), "a.txt", b"hidden", kind=Artifact.Kind.INPUT)
    page = admin.post(form, {"files": f'{{"$file": "{secret.pk}"}}'})
    assert page.status_code == 422
    assert Artifact.objects.count() == 1


def test_a_job_whose_task_nobody_knows_says_so(admin):
    rows.task("far.away")
    job = rows.job(State.FAILED, task="far.away")
    page = admin.post(f"/jobs/{job.pk}/verbs/retry", follow=True)
    assert "Nothing here knows its task." in page.content.decode()
    assert Job.objects.count() == 1
