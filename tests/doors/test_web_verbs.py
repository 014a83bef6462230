"""The verbs on the page of a job: offered where they make sense, done by a plain form."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from jobs.models import Event, Job, Task
from jobs.states import State, WaitingFor
from tests.doors import rows

pytestmark = pytest.mark.django_db

OFFERED = {
    State.PENDING: {"pause", "cancel", "fail"},
    State.QUEUED: {"pause", "cancel", "fail"},
    State.RETRYING: {"pause", "cancel", "fail"},
    State.PAUSED: {"resume", "cancel", "fail"},
    State.VALIDATING: {"pause", "cancel", "stack"},
    State.RUNNING: {"pause", "cancel", "stack"},
    State.COMPLETED: {"retry"},
    State.COMPLETED_WITH_ERRORS: {"retry"},
    State.FAILED: {"retry"},
    State.CANCELLED: {"retry"},
    State.EXPIRED: {"retry"},
    State.SKIPPED: {"retry"},
}


@pytest.fixture
def manager() -> Client:
    group = Group.objects.create(name="managers")
    rows.task().managers.add(group)
    client = Client()
    client.force_login(rows.user("olivia", group))
    return client


def offered(client: Client, job: Job) -> set[str]:
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    verbs = ("start", "pause", "resume", "cancel", "terminate", "fail", "retry", "continue",
             "stack")  # fmt: skip
    return {verb for verb in verbs if f"/jobs/{job.pk}/verbs/{verb}" in page}


def act(client: Client, job: Job, verb: str, **data: str):
    return client.post(f"/jobs/{job.pk}/verbs/{verb}", data, follow=True)


@pytest.mark.parametrize("state", State)
def test_a_job_offers_the_verbs_that_make_sense(manager, state):
    assert offered(manager, rows.job(state)) == OFFERED[state]


def test_what_is_asked_and_not_done_can_be_withdrawn_or_forced(manager):
    pausing = rows.job(State.RUNNING, requested="pause")
    assert offered(manager, pausing) == {"resume", "terminate", "cancel", "stack"}
    cancelling = rows.job(State.RUNNING, requested="cancel", lease="other")
    assert offered(manager, cancelling) == {"terminate", "stack"}


def test_a_held_job_offers_its_start_and_a_checkpoint_its_use(manager):
    held = rows.job(State.PENDING, waiting_for=WaitingFor.START)
    assert offered(manager, held) == {"start", "cancel", "fail"}
    assert "continue" in offered(manager, rows.job(State.FAILED, checkpoint={"step": 1}))


def test_a_verb_is_done_and_told_with_its_reason(manager):
    job = rows.job(State.QUEUED)
    page = act(manager, job, "cancel", reason="wrong album")
    assert page.redirect_chain == [(f"/jobs/{job.pk}/", 302)]
    assert Job.objects.get(pk=job.pk).state == State.CANCELLED
    assert "Cancel asked by" in page.content.decode()
    event = Event.objects.get(job=job)
    assert (event.verb, event.actor.username, event.reason) == (
        "cancel",
        "olivia",
        "wrong album",
    )


def test_a_verb_that_comes_too_late_says_so(manager):
    job = rows.job(State.COMPLETED)
    assert "had moved on" in act(manager, job, "cancel").content.decode()
    assert Job.objects.get(pk=job.pk).state == State.COMPLETED


def test_running_again_leads_to_the_new_job(manager):
    job = rows.job(State.FAILED, params={"x": 1, "y": 2})
    page = act(manager, job, "retry")
    again = Job.objects.get(retry_of=job)
    assert page.redirect_chain == [(f"/jobs/{again.pk}/", 302)]


def test_running_again_with_parameters_that_fit_no_longer_says_so(manager):
    job = rows.job(State.FAILED, params={"gone": 1})
    assert "fit the task no longer" in act(manager, job, "retry").content.decode()
    assert not Job.objects.filter(retry_of=job).exists()


def test_a_viewer_sees_the_job_but_no_verb_and_is_refused(manager):
    group = Group.objects.create(name="viewers")
    Task.objects.get().viewers.add(group)
    viewer = Client()
    viewer.force_login(rows.user("victor", group))
    job = rows.job(State.QUEUED)
    assert offered(viewer, job) == set()
    assert act(viewer, job, "cancel").status_code == 403
    assert Job.objects.get(pk=job.pk).state == State.QUEUED


def test_a_stranger_and_an_unknown_verb_find_nothing(manager):
    job = rows.job(State.QUEUED)
    stranger = Client()
    stranger.force_login(rows.user("nora"))
    assert act(stranger, job, "cancel").status_code == 404
    assert act(manager, job, "explode").status_code == 404
    assert manager.get(f"/jobs/{job.pk}/verbs/cancel").status_code == 405
    assert Job.objects.get(pk=job.pk).state == State.QUEUED


def test_without_the_forms_token_nothing_is_done(manager):
    job = rows.job(State.QUEUED)
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = manager.cookies
    assert careful.post(f"/jobs/{job.pk}/verbs/cancel").status_code == 403
    assert Job.objects.get(pk=job.pk).state == State.QUEUED


@pytest.mark.parametrize(
    ("verb", "said"), [("pause", "asked for a pause"), ("cancel", "asked for its end")]
)
def test_what_is_asked_and_not_done_says_who_asked_and_why(manager, verb, said):
    job = rows.job(State.RUNNING)
    page = act(manager, job, verb, reason="node-c is <replaced>").content.decode()
    assert f"olivia {said}" in page
    assert "Reason: node-c is &lt;replaced&gt;" in page


def test_what_nobody_we_know_asked_for_is_told_without_a_name(manager):
    page = manager.get(f"/jobs/{rows.job(State.RUNNING, requested='pause').pk}/")
    assert "A pause was asked for" in page.content.decode()


@pytest.mark.parametrize(
    ("state", "columns", "label"),
    [
        (State.PAUSED, {"progress": {"percent": 62.7}}, "Paused at 62 %"),
        (State.PAUSED, {}, "Paused"),
        (State.PENDING, {"waiting_for": "start"}, "Pending: held"),
    ],
)
def test_the_head_says_in_few_words_where_it_stands(manager, state, columns, label):
    page = manager.get(f"/jobs/{rows.job(state, **columns).pk}/?part=head").content.decode()
    assert f"</svg>{label}</span>" in page


@pytest.mark.parametrize(
    ("state", "columns", "verb"),
    [
        (State.PAUSED, {}, "Resume"), (State.FAILED, {}, "Run again"),
        (State.PENDING, {"waiting_for": "start"}, "Start"),
    ],
)  # fmt: skip
def test_the_verb_that_one_came_for_stands_out(manager, state, columns, verb):
    page = manager.get(f"/jobs/{rows.job(state, **columns).pk}/?part=head").content.decode()
    primary = page.partition('btn primary"')[2]
    assert primary.partition("</button>")[0].endswith(verb)
    assert "btn primary" not in primary
