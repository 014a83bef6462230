"""Parameters that do not fit their task, on the page of the job and in its edit form."""

import pytest
from django.test import Client

from jobs.models import Event, Job
from jobs.models.shape import job_shape
from jobs.states import State, WaitingFor
from tests.doors import rows

pytestmark = pytest.mark.django_db
ERRORS = {"x": ["Enter a whole number."], "z": ["This field is required."], "": ["Odd."]}


@pytest.fixture
def admin(client: Client) -> Client:
    rows.task()
    client.force_login(rows.user("admin", is_superuser=True))
    return client


@pytest.fixture
def held() -> Job:
    job = rows.job(State.PENDING, waiting_for=WaitingFor.START, params={"x": "many"})
    Job.objects.filter(pk=job.pk).update(field_errors=ERRORS, reason="It does not fit.")
    Event.objects.create(job=job, verb="misfit", subject="main@node", reason="x: no")
    return job


def page(client: Client, job: Job, path: str = "") -> str:
    return client.get(f"/jobs/{job.pk}/{path}").content.decode()


def test_a_held_job_says_which_fields_do_not_fit_and_what_to_do(admin, held):
    html = page(admin, held)
    assert "Its parameters no longer fit its task." in html
    assert "edit them, then start it: x: Enter a whole number." in html
    assert "Held: its parameters no longer fit its task" in html
    parameters = html.split('id="parameters"')[1].split("</section>")[0]
    assert all(error in parameters for errors in ERRORS.values() for error in errors)
    assert page(admin, held, "?part=params").count("Enter a whole number.") == 1


def test_the_edit_form_shows_the_errors_on_their_fields(admin, held):
    response = admin.get(f"/jobs/{held.pk}/edit")
    form = response.context["params"]
    assert form.errors["x"] == ["Enter a whole number."]
    assert form["x"].value() == "many"
    assert form.non_field_errors() == ["z: This field is required.", "Odd."]
    html = response.content.decode()
    assert "These do not fit the task any more." in html and "Nothing was changed." not in html
    sent = admin.post(f"/jobs/{held.pk}/edit", {"job-what": "params", "x": "7", "y": "0"})
    assert sent.status_code == 302
    assert (Job.objects.get().params, Job.objects.get().field_errors) == (
        {"x": 7, "y": 0},
        None,
    )


def test_a_held_job_can_be_started_and_forgets_its_errors(admin, held):
    admin.post(f"/jobs/{held.pk}/verbs/start")
    assert (Job.objects.get().state, Job.objects.get().field_errors) == (State.QUEUED, {})
    assert "Enter a whole number." not in page(admin, held, "?part=params")


def test_what_was_refused_says_so_at_the_top_and_beside_the_parameters(admin):
    job = rows.job(
        State.FAILED,
        params={"x": 1},
        attempt=0,
        field_errors=ERRORS,
        error_type="Invalid",
        error="x: Enter a whole number.",
        reason="Its parameters do not fit the task.",
    )
    html = page(admin, job)
    top = html.split('class="boom"')[1].split("</section>")[0]
    assert "Its parameters do not fit the task." in top and "Invalid" not in top
    assert "Its function was not called, so no attempt was used." in top
    assert html.count("Enter a whole number.") == 2


def test_programs_hear_of_the_errors_too(held):
    assert job_shape(Job.objects.get())["field_errors"] == ERRORS
    assert job_shape(rows.job(field_errors={}))["field_errors"] is None


def test_who_runs_it_again_with_edits_sees_what_was_wrong(admin):
    errors = {"x": ["Enter a whole number."]}
    job = rows.job(State.FAILED, params={"x": "many"}, attempt=0, field_errors=errors)
    response = admin.get(f"/tasks/{rows.ADD}/?from={job.pk}")
    assert response.context["form"].errors == errors
    assert "The earlier run was refused for this." in response.content.decode()
