"""Programs do verbs on jobs, on one and on many, and edit those that wait."""

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from jobs.models import Event, Job, Scope, Stack, Task
from jobs.states import State, WaitingFor
from tests.doors import rows
from tests.doors.programs import Program, fault

pytestmark = pytest.mark.django_db


@pytest.fixture
def olivia() -> Program:
    """Manages the task."""
    group = Group.objects.create(name="managers")
    rows.task().managers.add(group)
    return Program(rows.user("olivia", group))


def state(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("start", {"state": State.PENDING, "waiting_for": WaitingFor.START}, State.QUEUED),
        ("pause", {"state": State.QUEUED}, State.PAUSED),
        ("resume", {"state": State.PAUSED}, State.QUEUED),
        ("cancel", {"state": State.QUEUED}, State.CANCELLED),
        ("fail", {"state": State.QUEUED}, State.FAILED),
    ],
)
def test_a_verb_is_done_and_told_with_its_reason(olivia, verb, before, after):
    job = rows.job(**before)
    response = olivia.post(f"/jobs/{job.pk}/{verb}", {"reason": " wrong album "})
    assert (response.status_code, response.json()["state"]) == (200, after)
    event = Event.objects.get(job=job)
    assert (event.verb, event.actor, event.reason) == (verb, olivia.user, "wrong album")


def test_a_verb_needs_no_body(olivia):
    assert olivia.post(f"/jobs/{rows.job().pk}/cancel").status_code == 200


def test_what_runs_is_asked_and_can_be_ended(olivia):
    job = rows.job(State.RUNNING)
    assert olivia.post(f"/jobs/{job.pk}/pause").json()["requested"] == "pause"
    assert olivia.post(f"/jobs/{job.pk}/cancel").json()["requested"] == "cancel"
    # A request that is sent again by a nervous client does not end it at once.
    fault(olivia.post(f"/jobs/{job.pk}/cancel"), 409, "wrong_state")
    assert olivia.post(f"/jobs/{job.pk}/terminate").status_code == 200


@pytest.mark.parametrize(
    "verb", ["start", "pause", "resume", "cancel", "terminate", "fail", "stack"]
)
def test_a_verb_that_comes_too_late_changes_nothing(olivia, verb):
    job = rows.job(State.COMPLETED)
    fault(olivia.post(f"/jobs/{job.pk}/{verb}"), 409, "wrong_state")
    assert not Event.objects.exists()


def test_a_stack_is_asked_for_and_read_by_who_may_read_tracebacks(olivia):
    job = rows.job(State.RUNNING)
    assert olivia.post(f"/jobs/{job.pk}/stack", {"reason": "slow"}).status_code == 200
    owed = olivia.get(f"/jobs/{job.pk}/stack").json()
    assert owed["asked_at"] and owed["text"] is None
    taken = {"attempt": 1, "text": "in add", "taken_at": timezone.now()}
    Stack.objects.create(job=job, **taken)
    viewers = Group.objects.create(name="viewers")
    Task.objects.get().viewers.add(viewers)
    for program, told in ((olivia, "in add"), (Program(rows.user("v", viewers)), None)):
        assert program.get(f"/jobs/{job.pk}/stack").json()["text"] == told


def test_who_only_sees_is_refused_and_who_does_not_see_finds_nothing(olivia):
    viewers = Group.objects.create(name="viewers")
    Task.objects.get().viewers.add(viewers)
    viewer, stranger = Program(rows.user("v", viewers)), Program(rows.user("s"))
    job = rows.job()
    for address in ("cancel", "retry", "continue"):
        fault(viewer.post(f"/jobs/{job.pk}/{address}"), 403, "forbidden")
        fault(stranger.post(f"/jobs/{job.pk}/{address}"), 404, "not_found")
    fault(viewer.patch(f"/jobs/{job.pk}", {"priority": 1}), 403, "forbidden")
    fault(stranger.patch(f"/jobs/{job.pk}", {"priority": 1}), 404, "not_found")
    assert state(job) == State.QUEUED


@pytest.mark.parametrize(
    ("scopes", "verb", "status"),
    [
        ([Scope.READ], "cancel", 403),
        ([Scope.RUN], "cancel", 403),
        ([Scope.CONTROL], "cancel", 200),
        ([Scope.CONTROL], "retry", 403),
        ([Scope.RUN], "retry", 403),
    ],
)
def test_a_token_does_no_more_than_its_scopes(scopes, verb, status):
    program = Program(rows.user("ada"), *scopes)
    job = rows.job(owner=program.user)
    assert program.post(f"/jobs/{job.pk}/{verb}").status_code == status


def test_a_job_that_ended_runs_again(olivia):
    job = rows.job(State.FAILED, params={"x": 1}, tags=["a"], checkpoint={"at": 7})
    answer = olivia.post(f"/jobs/{job.pk}/retry", {"reason": "network"})
    assert answer.status_code == 202
    again = Job.objects.get(pk=answer.json()["id"])
    assert (again.retry_of, again.params, again.checkpoint) == (job, {"x": 1}, None)
    assert answer["Location"] == f"/api/jobs/{again.pk}"
    assert answer.json() == {
        "id": again.pk,
        "task_id": again.pk,
        "state": "queued",
        "url": f"/jobs/{again.pk}/",
        "ws_topic": f"job:{again.pk}",
    }
    edited = olivia.post(f"/jobs/{job.pk}/retry", {"params": {"x": 2}}).json()["id"]
    assert Job.objects.get(pk=edited).params == {"x": 2, "y": 0}
    went_on = olivia.post(f"/jobs/{job.pk}/continue").json()["id"]
    assert Job.objects.get(pk=went_on).checkpoint == {"at": 7}


def test_what_cannot_run_again_says_why(olivia):
    fault(olivia.post(f"/jobs/{rows.job().pk}/retry"), 409, "wrong_state")
    ended = rows.job(State.FAILED, params={"x": "no number"})
    assert set(fault(olivia.post(f"/jobs/{ended.pk}/retry"), 422, "invalid")) == {"params.x"}
    body = {"params": {"x": 1, "z": 1}}
    assert set(fault(olivia.post(f"/jobs/{ended.pk}/retry", body), 422, "invalid")) == {
        "params.z"
    }
    fault(olivia.post(f"/jobs/{ended.pk}/continue"), 409, "no_checkpoint")
    root = Program(rows.user("root", is_superuser=True))
    rows.task("far.away")
    far = rows.job(State.FAILED, task="far.away")
    fault(root.post(f"/jobs/{far.pk}/retry"), 409, "unknown_task")


def test_the_owner_who_may_not_run_the_task_any_more_cannot_run_it_again(olivia):
    owner = Program(rows.user("owner"))
    job = rows.job(State.FAILED, owner=owner.user, params={"x": 1})
    fault(owner.post(f"/jobs/{job.pk}/retry"), 403, "forbidden")
