"""Editing what has not started: what it changes, what it sets going, what it refuses."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from jobs import enqueue, registry
from jobs.dispatch import policy
from jobs.dispatch.admission import admit
from jobs.dispatch.typed import dumps
from jobs.execution import control
from jobs.execution.control import Order
from jobs.models import Artifact, Event, Job, KeptFile
from jobs.params import Invalid
from jobs.states import ACTIVE, FINAL, WAITING, State, WaitingFor
from tests import sample_tasks, turn_tasks
from tests.doors import form_tasks, rows

pytestmark = pytest.mark.django_db
SOON, LATER = (timezone.now() + timedelta(hours=hours) for hours in (1, 2))
SECRETS = {"password": "hunter2", "token": "hunter2"}
PAST = timezone.now() - timedelta(hours=1)


@pytest.fixture
def order() -> Order:
    rows.task(name="tests.of.another.queue", queue="slow")
    return Order(User.objects.create_user("olivia"), "because")


def chosen(*jobs: Job):
    return Job.objects.filter(pk__in=[job.pk for job in jobs])


def now(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


@pytest.mark.parametrize("state", sorted(WAITING))
def test_what_waits_is_changed_and_told(order, state):
    job = rows.job(state, priority=5)
    assert control.edit(chosen(job), order, queue="slow", priority=8, expires_at=SOON) == 1
    assert (now(job).queue, now(job).priority, now(job).expires_at) == ("slow", 8, SOON)
    assert now(job).version == job.version + 1
    event = Event.objects.get(job=job, verb="edit")
    assert (event.actor.username, event.reason) == ("olivia", "because")
    assert event.before == {"queue": "celery", "priority": 5, "expires_at": None}
    assert event.after == {"queue": "slow", "priority": 8, "expires_at": SOON.isoformat()}


@pytest.mark.parametrize("state", sorted(ACTIVE | FINAL))
def test_what_has_started_is_left_alone(order, state):
    job = rows.job(state)
    assert control.edit(chosen(job), order, queue="slow", params={"x": 1}) == 0
    assert Job.objects.filter(pk=job.pk).values().get()["version"] == job.version
    assert not Event.objects.exists()


def test_of_many_only_those_that_become_different_are_told(order):
    same, other, running = rows.job(priority=7), rows.job(), rows.job(State.RUNNING)
    assert control.edit(chosen(same, other, running), order, priority=7) == 1
    assert list(Event.objects.values_list("job", flat=True)) == [other.pk]


def test_a_queued_job_that_changes_its_queue_is_rung_there(order):
    job, paused = rows.job(ring_at=LATER), rows.job(State.PAUSED)
    control.edit(chosen(job, paused), order, queue="slow")
    assert now(job).ring_at <= timezone.now()
    assert now(paused).ring_at is None


@pytest.mark.parametrize("waiting_for", ["", WaitingFor.BROKER])
def test_a_later_time_holds_back_what_was_on_its_way(order, waiting_for):
    job = rows.job(State.PENDING if waiting_for else State.QUEUED, waiting_for=waiting_for)
    control.edit(chosen(job), order, not_before=LATER)
    state = (now(job).state, now(job).waiting_for, now(job).not_before)
    assert state == (State.PENDING, WaitingFor.TIME, LATER)


@pytest.mark.parametrize("moment", [None, PAST])
def test_no_time_lets_go_what_waited_for_it(order, moment):
    job = rows.job(State.PENDING, waiting_for=WaitingFor.TIME, not_before=LATER)
    control.edit(chosen(job), order, not_before=moment)
    assert (now(job).state, now(job).not_before) == (State.QUEUED, moment)


def test_a_job_of_a_disabled_task_goes_on_waiting(order):
    rows.task(enabled=False)
    policy.forget()
    job = rows.job(State.PENDING, waiting_for=WaitingFor.TIME, not_before=LATER)
    control.edit(chosen(job), order, not_before=None)
    assert now(job).state == State.PENDING


@pytest.mark.parametrize("waiting_for", [WaitingFor.START, WaitingFor.UPSTREAM])
def test_what_a_job_waits_for_besides_its_time_stays(order, waiting_for):
    job = rows.job(State.PENDING, waiting_for=waiting_for)
    for moment in (LATER, None):
        assert control.edit(chosen(job), order, not_before=moment) == 1
        assert (now(job).state, now(job).waiting_for) == (State.PENDING, waiting_for)


def test_what_makes_no_sense_is_refused_by_field_and_nothing_is_written(order):
    job = rows.job()
    with pytest.raises(Invalid) as wrong:
        control.edit(chosen(job), order, queue="nobody's", priority=10, expires_at=PAST)
    assert set(wrong.value.fields) == {"queue", "priority", "expires_at"}
    assert now(job).version == job.version


def test_the_queue_that_a_job_is_in_already_is_no_wrong_one(order):
    job = rows.job(queue="somebody's own")
    assert control.edit(chosen(job), order, queue="somebody's own", priority=1) == 1


def test_parameters_are_validated_stored_and_told(order):
    job = rows.job(params={"x": 1, "y": 0}, field_errors={"x": ["Was wrong."]})
    assert control.edit(chosen(job), order, params={"x": "7"}) == 1
    assert (now(job).params, now(job).field_errors) == ({"x": 7, "y": 0}, None)
    event = Event.objects.get(job=job)
    assert (event.before["params"]["x"], event.after["params"]["x"]) == (1, 7)
    with pytest.raises(Invalid) as wrong:
        control.edit(chosen(job), order, params={"x": "many"})
    assert list(wrong.value.fields) == ["x"]


def test_parameters_take_the_place_of_arguments_from_code(order):
    job = rows.job(params={"x": 1}, arguments=dumps([[1], {}]))
    control.edit(chosen(job), order, params={"x": 2})
    assert (now(job).params, now(job).arguments) == ({"x": 2, "y": 0}, "")


def test_secrets_are_told_to_nobody(order):
    job = enqueue(sample_tasks.log_in.name, SECRETS | {"user": "ann"}, by=order.by)
    control.edit(chosen(job), order, params=SECRETS | {"user": "bob", "token": "swordfish"})
    event = Event.objects.get(job=job)
    said = str([event.before, event.after, now(job).params])
    assert "ann" in said and not [text for text in ("hunter2", "swordfish") if text in said]


def test_parameters_are_for_one_job_of_a_known_task(order):
    with pytest.raises(ValueError, match="one job"):
        control.edit(chosen(rows.job(), rows.job()), order, params={"x": 1})
    with pytest.raises(registry.UnknownTask):
        control.edit(chosen(rows.job(task="no.such.task")), order, params={"x": 1})


def test_files_stay_come_or_are_copied_from_other_jobs(order, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    upload = SimpleUploadedFile("a.txt", b"one")
    job = enqueue(form_tasks.uploads.name, {"files": [upload]}, by=order.by)
    own = Artifact.objects.get()
    foreign = rows.artifact(rows.job(), "b.txt", b"two", kind=Artifact.Kind.INPUT)
    files = [KeptFile(own), KeptFile(foreign), SimpleUploadedFile("c.txt", b"three")]
    control.edit(chosen(job), order, params={"files": files})
    ids = [each["$file"] for each in now(job).params["files"]]
    assert ids[0] == str(own.pk) and str(foreign.pk) not in ids
    given = [Artifact.objects.get(pk=key) for key in ids]
    assert [a.file.read() for a in given] == [b"one", b"two", b"three"]
    assert [a.name for a in given] == ["a.txt", "b.txt", "c.txt"]
    assert {a.job_id for a in given} == {job.pk}


def test_with_other_parameters_it_shares_the_limits_of_others(order):
    policy.forget()
    first, second, other = (
        enqueue(turn_tasks.one_each, {"customer": name}) for name in ("a", "a", "b")
    )
    admit(turn_tasks.one_each.name, {first.line, other.line}, {"a", "b"})
    control.edit(chosen(first), order, params={"customer": "b"})
    moved = now(first)
    assert (moved.concurrency_key, moved.line) == ("b", other.line)
    assert (moved.waiting_for, moved.admitted_at) == (WaitingFor.SLOT, None)
    admit(turn_tasks.one_each.name, {other.line}, {"a"})
    assert (now(second).state, now(first).state) == (State.QUEUED, State.PENDING)


def test_what_waits_for_a_limit_can_be_put_off(order):
    policy.forget()
    job = enqueue(turn_tasks.one_each, {"customer": "a"})
    control.edit(chosen(job), order, not_before=SOON)
    admit(turn_tasks.one_each.name, {job.line})
    assert (now(job).state, now(job).waiting_for) == (State.PENDING, WaitingFor.TIME)
