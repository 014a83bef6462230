"""Programs edit jobs that have not started."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from jobs.models import Event, Job, Scope
from jobs.states import State
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


def test_what_waits_is_edited_and_only_what_is_given(olivia):
    later = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    job = rows.job(params={"x": 1}, expires_at=later)
    shown = olivia.patch(f"/jobs/{job.pk}", {"priority": 9, "not_before": later.isoformat()})
    assert shown.status_code == 200, shown.content
    assert shown.json()["priority"] == 9 and shown.json()["state"] == "pending"
    job = Job.objects.get(pk=job.pk)
    assert (job.not_before, job.expires_at) == (later, later)
    olivia.patch(f"/jobs/{job.pk}", {"not_before": None, "expires_at": None})
    job = Job.objects.get(pk=job.pk)
    assert (job.not_before, job.expires_at, job.state) == (None, None, State.QUEUED)
    olivia.patch(f"/jobs/{job.pk}", {"params": {"x": 5}, "reason": "typo"})
    assert Job.objects.get(pk=job.pk).params == {"x": 5, "y": 0}
    assert Event.objects.filter(job=job, verb="edit", reason="typo").count() == 1
    # The same once more is no error, and no event.
    assert olivia.patch(f"/jobs/{job.pk}", {"params": {"x": 5}}).status_code == 200
    assert Event.objects.filter(job=job).count() == 3


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {""}),
        ({"reason": "nothing"}, {""}),
        ({"queue": "nobody serves it"}, {"queue"}),
        ({"priority": 10}, {"priority"}),
        ({"priority": None}, {"priority"}),
        ({"expires_at": "2001-01-01T00:00:00Z"}, {"expires_at"}),
        ({"not_before": "tomorrow"}, {"not_before"}),
        ({"params": {"x": "a"}}, {"params.x"}),
        ({"params": [1]}, {"params"}),
        ({"state": "completed"}, {"state"}),
        ({"owner": 1, "attempt": 5, "id": "x"}, {"owner", "attempt", "id"}),
        ({"status": "completed"}, {"status"}),
        ({"status": "failed", "priority": 1}, {"priority"}),
        ({"reason": "\0"}, {"reason"}),
        ({"tags": [""]}, {"tags.0"}),
        ({"tags": None}, {"tags"}),
        ({"note": "x" * 2001}, {"note"}),
        ({"reason": "\ud800"}, {"reason"}),
    ],
)
def test_an_edit_that_cannot_be_is_refused_on_its_fields(olivia, body, fields):
    job = rows.job(params={"x": 1})
    before = Job.objects.values().get()
    assert set(fault(olivia.patch(f"/jobs/{job.pk}", body), 422, "invalid")) == fields
    assert Job.objects.values().get() == before


def test_what_is_written_on_a_job_may_be_changed_at_any_time(olivia):
    job = rows.job(State.FAILED, tags=["a"], note="old")
    shown = olivia.patch(f"/jobs/{job.pk}", {"tags": ["b", "c"], "note": "new"}).json()
    assert (shown["tags"], shown["note"], shown["seq"]) == (["b", "c"], "new", job.version + 1)
    event = Event.objects.get(job=job)
    assert (event.before, event.after) == (
        {"tags": ["a"], "note": "old"},
        {"tags": ["b", "c"], "note": "new"},
    )
    olivia.patch(f"/jobs/{job.pk}", {"tags": []})
    assert (Job.objects.get().tags, Job.objects.get().note) == ([], "new")
    # The same once more is no event.
    olivia.patch(f"/jobs/{job.pk}", {"tags": [], "note": "new"})
    assert Event.objects.count() == 2


def test_an_edit_is_done_whole_or_not_at_all(olivia):
    job = rows.job(State.RUNNING, note="old")
    fault(olivia.patch(f"/jobs/{job.pk}", {"note": "new", "priority": 1}), 409, "wrong_state")
    assert Job.objects.get().note == "old" and not Event.objects.exists()


def test_what_has_started_cannot_be_edited(olivia):
    job = rows.job(State.RUNNING)
    fault(olivia.patch(f"/jobs/{job.pk}", {"priority": 1}), 409, "wrong_state")


def test_parameters_are_for_those_who_may_run(olivia):
    owner = Program(rows.user("owner"))
    job = rows.job(owner=owner.user, params={"x": 1})
    fault(owner.patch(f"/jobs/{job.pk}", {"params": {"x": 2}}), 403, "forbidden")
    assert owner.patch(f"/jobs/{job.pk}", {"priority": 2}).status_code == 200
    control = Program(olivia.user, Scope.CONTROL)
    fault(control.patch(f"/jobs/{job.pk}", {"params": {"x": 2}}), 403, "scope")


@pytest.mark.parametrize(
    ("before", "status", "after"),
    [
        ({"state": State.QUEUED}, "failed", State.FAILED),
        ({"state": State.QUEUED}, "cancelled", State.CANCELLED),
        ({"state": State.QUEUED}, "paused", State.PAUSED),
        ({"state": State.PAUSED}, "running", State.QUEUED),
        ({"state": State.PENDING, "waiting_for": "start"}, "running", State.QUEUED),
    ],
)
def test_a_status_calls_the_verb_that_leads_there(olivia, before, status, after):
    job = rows.job(**before)
    assert olivia.patch(f"/jobs/{job.pk}", {"status": status}).json()["state"] == after


def test_a_job_that_a_worker_holds_is_not_failed_by_a_status(olivia):
    job = rows.job(State.RUNNING)
    fault(olivia.patch(f"/jobs/{job.pk}", {"status": "failed"}), 409, "wrong_state")
    assert state(job) == State.RUNNING
