"""The catalogue of tasks, and the form that runs one."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs import enqueue
from jobs.execution.asked import TICKET
from jobs.models import Artifact, Job, Task
from jobs.states import State
from tests import alike_tasks
from tests.doors import form_tasks

from . import rows

pytestmark = pytest.mark.django_db
FORM = form_tasks.many_kinds.name
UPLOADS = form_tasks.uploads.name


@pytest.fixture
def admin(client: Client) -> Client:
    for name in (rows.ADD, FORM, UPLOADS):
        rows.task(name, title=name.rpartition(".")[2])
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def address(name: str) -> str:
    return reverse("jobs:task", args=[name])


def form_of(page: Any) -> str:
    """The part of the page in which the form is."""
    return page.content.decode().partition('id="run"')[2].partition("</form>")[0]


def ticket(client: Client, name: str = rows.ADD) -> str:
    return client.get(address(name)).context["ticket"]


def test_running_a_task_leads_to_its_job(admin):
    response = admin.post(address(rows.ADD), {"x": "2", TICKET: ticket(admin)})
    job = Job.objects.get()
    assert response["Location"] == reverse("jobs:job", args=[job.pk])
    assert (job.task_id, job.params, str(job.owner)) == (rows.ADD, {"x": 2, "y": 0}, "admin")
    assert job.state == State.QUEUED


def test_a_form_sent_twice_makes_one_job(admin):
    data = {"x": "2", TICKET: ticket(admin)}
    first, second = (admin.post(address(rows.ADD), data) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Job.objects.count() == 1


def test_a_form_leads_to_the_job_that_is_like_it(admin):
    name = alike_tasks.index.name
    rows.task(name)
    first = enqueue(name, {"page": 1})
    data = {"page": "1", "depth": "1", TICKET: ticket(admin, name)}
    page = admin.post(address(name), data, follow=True)
    assert page.redirect_chain[-1][0] == reverse("jobs:job", args=[first.pk])
    assert "There was a job like it already: this one." in page.content.decode()
    refusing = alike_tasks.bill.name
    rows.task(refusing)
    first = enqueue(refusing, {"customer": 1})
    page = admin.post(address(refusing), {"customer": "1", "note": ""})
    assert page.status_code == 422
    assert f"There is a job like it already: {first.pk}." in page.content.decode()
    Job.objects.filter(pk=first.pk).move(State.CANCELLED)
    enqueue(refusing, {"customer": 2}, unique_key="x")
    verb = reverse("jobs:verb", args=[first.pk, "retry"])
    assert admin.post(verb, follow=True).status_code == 200


def test_a_parameter_may_be_called_ticket(admin):
    rows.task(form_tasks.travel.name)
    data = {"ticket": "first class", TICKET: ticket(admin, form_tasks.travel.name)}
    for _ in range(2):
        admin.post(address(form_tasks.travel.name), data)
    assert Job.objects.get().params == {"ticket": "first class"}


def test_two_forms_make_two_jobs(admin):
    for _ in range(2):
        admin.post(address(rows.ADD), {"x": "2", TICKET: ticket(admin)})
    assert Job.objects.count() == 2


@pytest.mark.parametrize("forged", ["", "nonsense", "a:b:c"])
def test_a_forged_ticket_chooses_no_id(admin, forged):
    admin.post(address(rows.ADD), {"x": "2", TICKET: forged})
    assert Job.objects.get().pk != forged


def test_the_ticket_of_another_person_is_worth_nothing(admin):
    taken = ticket(admin)
    admin.post(address(rows.ADD), {"x": "2", TICKET: taken})
    other = Client()
    other.force_login(rows.user("other", is_superuser=True))
    other.post(address(rows.ADD), {"x": "3", TICKET: taken})
    assert sorted(job.params["x"] for job in Job.objects.all()) == [2, 3]


def test_what_is_wrong_stands_at_its_field_and_nothing_runs(admin):
    response = admin.post(address(FORM), {"count": "11", "name": "kept", "mode": "fast"})
    html = response.content.decode()
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"count", "when"}
    assert 'id="id_count_error"' in html and 'aria-invalid="true"' in html
    assert 'value="kept"' in html and 'value="11"' in html
    assert not Job.objects.exists()


def test_a_secret_is_asked_for_and_never_sent_back(admin):
    response = admin.post(address(FORM), {"token": "hush-hush"})
    assert response.status_code == 422
    assert "hush-hush" not in response.content.decode()


def test_a_form_can_be_filled_by_its_address(admin):
    html = admin.get(address(FORM), {"name": "by <link>", "count": "4"}).content.decode()
    assert 'value="by &lt;link&gt;"' in html
    assert 'value="4"' in html
    assert not Job.objects.exists()


def test_a_form_can_be_filled_from_an_earlier_job_but_for_its_secrets(admin):
    when = "2026-08-22T18:00"
    admin.post(address(FORM), {"name": "again", "count": "3", "when": when, "token": "hush"})
    html = admin.get(address(FORM), {"from": Job.objects.get().pk}).content.decode()
    assert 'value="again"' in html and f'value="{when}:00"' in html
    assert "hush" not in html and "••••" not in html


def test_a_job_one_may_not_see_fills_no_form(client):
    runners = Group.objects.create(name="runners")
    for name in (rows.ADD, FORM):
        rows.task(name)
    Task.objects.get(pk=rows.ADD).runners.add(runners)
    client.force_login(rows.user("runner", runners))
    theirs = rows.job(task=FORM, params={"x": 77})
    html = client.get(address(rows.ADD), {"from": theirs.pk}).content.decode()
    assert 'value="77"' not in html
    assert client.get(address(rows.ADD), {"from": "unknown\x00"}).status_code == 200


def test_files_that_are_uploaded_become_files_of_the_job(admin, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    files = [SimpleUploadedFile(f"{n}.txt", b"body %d" % n) for n in range(2)]
    response = admin.post(address(UPLOADS), {"files": files, TICKET: ticket(admin, UPLOADS)})
    assert response.status_code == 302
    given = Artifact.objects.order_by("name")
    assert [(a.name, a.file.read(), a.kind) for a in given] == [
        ("0.txt", b"body 0", "input"),
        ("1.txt", b"body 1", "input"),
    ]
    page = admin.get(response["Location"]).content.decode()
    assert "0.txt" in page and "1.txt" in page


def test_a_task_without_parameters_says_so(admin):
    rows.task(form_tasks.nothing.name)
    html = admin.get(address(form_tasks.nothing.name)).content.decode()
    assert "It takes no parameters." in html


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"enabled": False}, "This task is disabled."),
        ({"missing_at": "2026-01-01T00:00Z"}, "No code stands behind this task any more."),
        ({"error": "Traceback\nNameError: x"}, "NameError: x"),
    ],
)
def test_a_task_that_cannot_run_explains_itself_and_does_not(admin, columns, words):
    Task.objects.filter(pk=rows.ADD).update(**columns)
    html = admin.get(address(rows.ADD)).content.decode()
    assert words in html and "Run now" not in html
    assert admin.post(address(rows.ADD), {"x": "1"}).status_code == 403
    assert not Job.objects.exists()


def test_a_task_that_only_other_processes_know_explains_itself(admin):
    rows.task("far.away")
    assert (
        "This server does not know the task." in admin.get(address("far.away")).content.decode()
    )
