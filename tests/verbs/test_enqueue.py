"""Asking for a job: what is refused leaves no trace, what is accepted is one row."""

import threading
from datetime import datetime, timedelta

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from jobs import Invalid, enqueue, task
from jobs.dispatch.caller import on_behalf_of
from jobs.dispatch.policy import forget
from jobs.dispatch.publisher import is_unpublished
from jobs.models import Artifact, Job, Task
from jobs.registry import UnknownTask
from jobs.states import State, WaitingFor
from tests import sample_tasks
from tests.doors import form_tasks

ADD = sample_tasks.add.name
pytestmark = pytest.mark.django_db


def test_a_job_is_one_row_with_validated_parameters():
    job = enqueue(ADD, {"x": "2"})
    row = Job.objects.get()
    assert (row.id, row.task_id, row.params) == (job.id, ADD, {"x": 2, "y": 0})
    assert (row.state, row.queue, row.priority, row.attempt) == (State.QUEUED, "celery", 5, 0)
    assert row.queued_at and row.ring_at and row.owner is None


def test_the_decorated_function_is_as_good_as_its_name():
    assert enqueue(sample_tasks.add, {"x": 1}).task_id == ADD


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        ({}, ["x"]),
        ({"x": "two"}, ["x"]),
        ({"x": 1, "y": None}, ["y"]),
        ({"x": "a", "y": "b"}, ["x", "y"]),
        ({"x": 1, "z": 1}, ["z"]),
        ({"x": float("nan")}, ["x"]),
        ({"x": 1.5}, ["x"]),
    ],
    ids=str,
)
def test_wrong_parameters_are_told_by_field_and_leave_no_row(params, fields):
    with pytest.raises(Invalid) as told:
        enqueue(ADD, params)
    assert sorted(told.value.fields) == fields
    assert all(told.value.fields.values())
    assert not Job.objects.exists()


def test_an_unknown_task_is_told_with_the_nearest_known():
    with pytest.raises(UnknownTask, match=r"sample_tasks\.add"):
        enqueue("tests.sample_tasks.ad", {})
    assert not Job.objects.exists()


def test_a_wish_that_nobody_knows_is_an_error():
    with pytest.raises(TypeError, match="prioriti"):
        enqueue(ADD, {"x": 1}, prioriti=1)
    assert not Job.objects.exists()


def test_the_message_follows_on_commit(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        job = enqueue(ADD, {"x": 1})
        assert is_unpublished(job.id)
        assert not is_unpublished("another")
        held = enqueue(ADD, {"x": 1}, hold=True)
        assert not is_unpublished(held.id)
    rings = [call for call in callbacks if getattr(call, "func", None)]
    assert [call.args[0].pk for call in rings] == [job.id]


def test_a_savepoint_that_is_rolled_back_takes_job_and_message_along(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks() as callbacks:
        with transaction.atomic():
            job = enqueue(ADD, {"x": 1})
            transaction.set_rollback(True)
        assert not is_unpublished(job.id)
    assert callbacks == []
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("wish", "waiting_for"),
    [
        ({"hold": True}, WaitingFor.START),
        ({"hold": True, "countdown": 60}, WaitingFor.START),
        ({"countdown": 60}, WaitingFor.TIME),
        ({"not_before": timezone.now() + timedelta(hours=1)}, WaitingFor.TIME),
    ],
    ids=["held", "held, later", "in a minute", "at a time"],
)
def test_a_job_that_is_not_to_start_yet_waits_and_says_for_what(wish, waiting_for):
    job = Job.objects.get(pk=enqueue(ADD, {"x": 1}, **wish).pk)
    assert (job.state, job.waiting_for, job.ring_at) == (State.PENDING, waiting_for, None)


def test_a_time_that_has_passed_is_now():
    past = timezone.now() - timedelta(hours=1)
    assert enqueue(ADD, {"x": 1}, not_before=past).state == State.QUEUED


def test_a_job_of_a_disabled_task_waits_for_the_task():
    Task.objects.create(name=ADD, title="Add", enabled=False)
    job = enqueue(ADD, {"x": 1})
    assert (job.state, job.waiting_for) == (State.PENDING, WaitingFor.TASK)


def test_the_wish_is_stronger_than_the_operator_who_is_stronger_than_the_code():
    Task.objects.create(name=ADD, title="Add", queue="edited", priority=2, time_limit=60)
    edited = enqueue(ADD, {"x": 1})
    assert (edited.queue, edited.priority, edited.time_limit) == ("edited", 2, 60)
    wished = enqueue(ADD, {"x": 1}, queue="mine", priority=0, time_limit=5)
    assert (wished.queue, wished.priority, wished.time_limit) == ("mine", 0, 5)
    Task.objects.all().delete()
    forget()
    assert enqueue(ADD, {"x": 1}).queue == "celery"
    retried = enqueue(sample_tasks.unreachable, {"ledger": "x"})
    assert (retried.max_retries, retried.on_lost) == (2, "retry")


@pytest.fixture
def hasty():
    """A task whose code says that it is of no use later, and that nobody wants its result."""
    made = []

    def make(expires):
        options = {"expires": expires, "ignore_result": True}
        made.append(task(name=f"tests.hasty{len(made)}", **options)(lambda: None))
        return made[-1]

    yield make
    for each in made:
        current_app.tasks.unregister(each.name)


@pytest.mark.parametrize("ask", [enqueue, lambda one: Job.objects.get(pk=one.delay().id)])
def test_what_the_code_says_of_a_job_holds_however_it_is_asked_for(ask, hasty):
    before = timezone.now()
    row = ask(hasty(600))
    assert before < row.expires_at - timedelta(seconds=600) <= timezone.now()
    assert row.ignore_result
    moment = timezone.now() + timedelta(days=1)
    assert ask(hasty(moment)).expires_at == moment
    assert enqueue(ADD, {"x": 1}).expires_at is None


def test_a_wish_is_stronger_than_the_expiry_of_the_code(hasty):
    moment = timezone.now() + timedelta(hours=1)
    assert enqueue(hasty(600), expires_at=moment).expires_at == moment
    naive = enqueue(hasty(datetime(2999, 1, 1)))  # noqa: DTZ001
    assert naive.expires_at == timezone.make_aware(datetime(2999, 1, 1))  # noqa: DTZ001


def test_tags_notes_and_whose_retry_it_is_are_kept():
    first = enqueue(ADD, {"x": 1})
    again = enqueue(ADD, {"x": 1}, tags=("a", "b"), note="once more", retry_of=first)
    row = Job.objects.get(pk=again.pk)
    assert (row.tags, row.note, row.retry_of_id) == (["a", "b"], "once more", first.pk)


def test_the_owner_is_whom_the_caller_names_else_on_whose_behalf_code_runs():
    ana, bob = User.objects.create_user("ana"), User.objects.create_user("bob")
    assert enqueue(ADD, {"x": 1}, by=ana).owner_id == ana.pk
    with on_behalf_of(bob):
        assert enqueue(ADD, {"x": 1}).owner_id == bob.pk
        assert enqueue(ADD, {"x": 1}, by=ana).owner_id == ana.pk
        with on_behalf_of(None):
            assert enqueue(ADD, {"x": 1}).owner_id is None
        assert sample_tasks.plain_add.delay(1, 1)
    assert enqueue(ADD, {"x": 1}).owner_id is None
    assert Job.objects.get(task=sample_tasks.plain_add.name).owner_id == bob.pk


def test_who_asks_twice_with_one_id_gets_one_job():
    enqueue(ADD, {"x": 1}, job_id="once")
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue(ADD, {"x": 2}, job_id="once")
    assert Job.objects.get().params == {"x": 1, "y": 0}


def test_secrets_are_sealed_in_the_row():
    given = {"user": "ana", "password": "open sesame", "token": "t0ken-t0ken"}
    enqueue(sample_tasks.log_in, given)
    row = str(Job.objects.values().get())
    assert "ana" in row
    assert "sesame" not in row and "t0ken" not in row


def test_secrets_that_code_sends_are_masked_where_people_look():
    sample_tasks.log_in.delay("ana", "open sesame", token="t0ken-t0ken")
    row = str(Job.objects.values().get())
    assert "ana" in row
    assert "sesame" not in row and "t0ken" not in row


def test_an_uploaded_file_becomes_an_artifact_of_the_job():
    upload = SimpleUploadedFile("../../a\x00b\u202e.txt", b"content", "text/plain\nX-Evil: 1")
    job = enqueue(form_tasks.uploads, {"files": [upload]})
    artifact = Artifact.objects.get(job=job, kind="input")
    assert job.params["files"] == [{"$file": str(artifact.pk)}]
    assert artifact.file.read() == b"content"
    assert (artifact.size, artifact.content_type) == (7, "text/plain")
    assert "/" not in artifact.name and artifact.name.isprintable()
    assert ".." not in artifact.file.name


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_with_one_id_one_is_heard():
    ready, refused = threading.Barrier(6), []

    def ask() -> None:
        connection.ensure_connection()
        ready.wait(10)
        try:
            enqueue(ADD, {"x": 1}, job_id="once", hold=True)
        except IntegrityError:
            refused.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(refused) == 5
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
async def test_code_in_an_event_loop_asks_for_jobs_too():
    with on_behalf_of(None):
        first = enqueue(ADD, {"x": 1}, hold=True)
        second = sample_tasks.add.apply_async((1,), countdown=600)
    with pytest.raises(Invalid):
        enqueue(ADD, {})
    assert {each async for each in Job.objects.values_list("pk", flat=True)} == {
        first.id,
        second.id,
    }
