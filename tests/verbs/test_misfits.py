"""Jobs whose parameters fit their task no longer are held, before an attempt is burnt."""

import pytest
from celery import current_app, shared_task
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import enqueue, registry
from jobs.dispatch.typed import dumps
from jobs.execution import control
from jobs.execution.control import Order
from jobs.execution.fit import hold
from jobs.models import Artifact, Event, Job, KeptFile
from jobs.params import Invalid
from jobs.params.fitting import misfits
from jobs.params.signature import read
from jobs.states import Requested, State, WaitingFor
from tests.doors import form_tasks, rows
from tests.sample_tasks import add, log_in, plain_add
from tests.verbs.trying import attempt

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
NUMBER, UNKNOWN = "Enter a whole number.", "There is no parameter of this name."
NEEDED = "This field is required."


@shared_task(typing=False)
def unchecked(x):  # type: ignore[no-untyped-def]
    return x


def now(job) -> Job:
    return Job.objects.get(pk=job.id)


def queued(task, params, **columns) -> Job:
    """A job from an earlier release."""
    job = enqueue(task, {"x": 1})
    Job.objects.filter(pk=job.pk).update(params=params, **columns)
    return job


def test_a_job_is_held_with_the_errors_of_its_fields():
    job = attempt(queued(add, {"x": "many", "gone": 1}))
    assert (job.state, job.waiting_for) == (State.PENDING, WaitingFor.START)
    assert job.field_errors == {"x": [NUMBER], "gone": [UNKNOWN]}
    assert job.reason
    assert (job.attempt, job.retries, job.started_at, job.worker) == (0, 0, None, "")
    assert (job.lease, job.attempts.count()) == (None, 0)
    event = Event.objects.get(job=job)
    assert (event.verb, event.subject, event.actor) == ("misfit", "main@node", None)
    assert NUMBER in event.reason


def test_edited_and_started_it_runs():
    job, order = attempt(queued(add, {"x": "many"})), Order(User.objects.create_user("ann"))
    mine = Job.objects.filter(pk=job.pk)
    assert control.edit(mine, order, params={"x": 7}) == 1
    assert now(job).field_errors is None
    assert control.start(mine, order) == 1
    job = attempt(job)
    assert (job.state, job.result, job.attempt, job.reason) == (State.COMPLETED, 7, 1, "")


def test_started_as_it_is_it_is_held_again_and_fits_with_the_code_it_was_made_for():
    job, order = attempt(queued(add, {"x": "many"})), Order()
    mine = Job.objects.filter(pk=job.pk)
    control.start(mine, order)
    assert (now(job).reason, now(job).field_errors) == ("", {})
    assert attempt(job).field_errors == {"x": [NUMBER]}
    mine.update(params={"x": 1})
    control.start(mine, order)
    assert attempt(job).state == State.COMPLETED


def test_one_that_waits_for_its_next_attempt_keeps_what_it_has_used_up():
    began = timezone.now()
    job = queued(add, {"x": "many"}, attempt=2, retries=1, started_at=began, worker="w")
    job = attempt(job)
    assert (job.state, job.attempt, job.retries) == (State.PENDING, 2, 1)
    assert job.started_at is not None


def test_a_call_that_fitted_when_it_was_made_is_held_when_it_does_no_longer():
    job = now(plain_add.delay(1, y=2))
    Job.objects.filter(pk=job.pk).update(arguments=dumps([[1], {"z": 2}]))
    held = attempt(job)
    assert held.state == State.PENDING
    assert held.field_errors == {"z": [UNKNOWN], "y": [NEEDED]}


def test_types_of_calls_are_not_judged():
    job = attempt(plain_add.delay("a", y="b"))
    assert (job.state, job.result) == (State.COMPLETED, "ab")


def test_a_call_that_never_fitted_fails_as_in_celery():
    by_name = attempt(current_app.send_task(plain_add.name, (1, 2, 3)))
    assert (by_name.state, by_name.error_type) == (State.FAILED, "TypeError")
    assert attempt(unchecked.delay(1, 2)).error_type == "TypeError"


def test_a_file_that_is_gone_and_a_secret_that_cannot_be_read_hold_a_job(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    upload = rows.artifact(rows.job(), "a.txt", kind=Artifact.Kind.INPUT)
    with_file = enqueue(form_tasks.uploads, {"files": [KeptFile(upload)]})
    Artifact.objects.filter(job=with_file).delete()
    assert "no longer there" in attempt(with_file).field_errors[""][0]
    given = {"user": "ann", "password": "hunter2", "token": "hunter2"}
    sealed = [enqueue(log_in, given), log_in.delay(**given)]
    settings.SECRET_KEY = "another" * 10
    for job in sealed:
        held = attempt(job)
        assert held.state == State.PENDING and "SECRET_KEY" in str(held.field_errors)


@pytest.mark.parametrize(
    ("asked", "state"), [(Requested.PAUSE, State.PAUSED), (Requested.CANCEL, State.CANCELLED)]
)
def test_what_was_asked_meanwhile_is_done_instead(asked, state):
    running = rows.job(State.RUNNING, requested=asked)
    assert hold(
        Job.objects.filter(pk=running.pk).held_by("mine"), running, Invalid({"x": ["no"]})
    )
    assert now(running).state == state


def test_what_has_ended_or_belongs_to_another_attempt_is_left_alone():
    for row in (rows.job(State.COMPLETED), rows.job(State.RUNNING, lease="another")):
        mine = Job.objects.filter(pk=row.pk).held_by("mine")
        assert not hold(mine, row, Invalid({"x": ["no"]}))
        assert now(row).version == row.version
    assert not Event.objects.exists()


def test_to_run_it_again_it_must_fit():
    job = rows.job(State.FAILED, task=plain_add.name, arguments=dumps([[1, 2, 3], {}]))
    Job.objects.filter(pk=job.pk).update(field_errors={})
    with pytest.raises(Invalid, match="2 values by position"):
        control.retry(now(job), Order())


def test_a_task_that_nobody_knows_is_no_misfit():
    job = rows.job(State.FAILED, task="no.such.task", arguments="[[], {}]", field_errors={})
    assert control.retry(job, Order()).field_errors == {}
    with pytest.raises(registry.UnknownTask):
        control.retry(rows.job(State.FAILED, task="no.such.task"), Order())


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (((1,), {}), {}),
        (((1, 2, 3, 4), {"e": 5, "f": 6}), {}),
        (((), {}), {"a": [NEEDED]}),
        (((), {"a": 1}), {"a": [NEEDED]}),
    ],
)
def test_how_a_call_does_not_fit(call, found):
    def free(a, /, b=1, *more, c=2, **others):  # type: ignore[no-untyped-def]
        """Anything goes, but `a` by name."""

    assert misfits(read(free).plain, *call) == found


def test_a_call_that_gives_a_parameter_twice_does_not_fit():
    def strict(a, b=1):  # type: ignore[no-untyped-def]
        """Nothing beyond."""

    assert "multiple values" in misfits(read(strict).plain, (1,), {"a": 1})[""][0]
