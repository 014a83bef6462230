"""Taking a job: one worker does, and only what the row says."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from jobs.execution.claim import adopt, claim, is_foreign, is_ignored
from jobs.execution.mark import new_lease
from jobs.models import Job
from jobs.states import ACTIVE, State
from tests import sample_tasks
from tests.doors.rows import ADD, job

pytestmark = pytest.mark.django_db


def message(**said):
    told = {"hostname": "w@host", "timelimit": [None, None], "queues": ("celery", "far")}
    return {"lease": new_lease(), **told, **said}


def test_a_claimed_job_runs_under_the_lease_of_the_message():
    waiting, request = job(), message()
    taken = claim(waiting.id, ADD, request)
    row = Job.objects.get()
    assert (row.state, row.attempt, row.worker) == (State.RUNNING, 1, "w@host")
    assert row.lease == request["lease"]
    assert timedelta(0) < row.lease_expires_at - row.started_at < timedelta(minutes=1)
    assert row.ring_at is None
    assert (taken.id, taken.attempt, taken.version) == (row.id, 1, row.version)


@pytest.mark.parametrize("state", State)
def test_only_a_queued_job_can_be_taken(state):
    before = job(state)
    taken = claim(before.id, ADD, message())
    assert (taken is not None) == (state == State.QUEUED)
    if taken is None:
        assert Job.objects.get().version == before.version
        assert (Job.objects.get().lease == "mine") == (state in ACTIVE)


@pytest.mark.parametrize(
    "lie",
    [
        {"id": "another"},
        {"task": "tests.sample_tasks.fail"},
        {"timelimit": [5, None]},
        {"timelimit": [None, 5]},
        {"queues": ("far",)},
        {"queues": ()},
    ],
    ids=str,
)
def test_a_message_that_lies_takes_nothing(lie):
    waiting = job()
    said = {"id": waiting.id, "task": ADD} | lie
    assert claim(said.pop("id"), said.pop("task"), message(**said)) is None
    assert Job.objects.get().attempt == 0


def test_a_job_with_limits_is_taken_by_a_message_that_knows_them():
    limited = job(time_limit=60.0, soft_time_limit=30.5)
    assert claim(limited.id, ADD, message()) is None
    assert claim(limited.id, ADD, message(timelimit=[60, 30])) is None
    assert claim(limited.id, ADD, message(timelimit=[60.0, 30.5]))


def test_an_expired_job_cannot_be_taken():
    overdue = job(expires_at=timezone.now() - timedelta(seconds=1))
    assert claim(overdue.id, ADD, message()) is None
    in_time = job(expires_at=timezone.now() + timedelta(hours=1))
    assert claim(in_time.id, ADD, message())


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_takes_a_job():
    waiting = job()
    ready, taken = threading.Barrier(8), []

    def take() -> None:
        request = message()
        connection.ensure_connection()
        ready.wait(10)
        if claim(waiting.id, ADD, request):
            taken.append(request["lease"])
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert taken == [Job.objects.get().lease]
    assert Job.objects.get().attempt == 1


def foreign(**said):
    return message(
        delivery_info={"routing_key": "far", "priority": 3}, root_id="r", parent_id="p", **said
    )


def test_a_message_without_our_header_is_foreign():
    assert is_foreign(foreign())
    assert not is_foreign(message(batuta=1))


def test_a_foreign_message_becomes_a_row_that_can_be_taken():
    name = sample_tasks.plain_add.name
    assert adopt("theirs", name, [1, 2], {}, foreign(retries=2))
    row = Job.objects.get()
    assert (row.id, row.state, row.queue, row.priority) == ("theirs", "queued", "far", 3)
    assert (row.root_id, row.parent_id, row.retries) == ("r", "p", 2)
    assert row.params == {"x": 1, "y": 2}
    assert row.ring_at is not None  # who adopted it may die before it is taken
    assert claim("theirs", name, foreign())


def test_a_foreign_message_that_comes_again_changes_nothing():
    name = sample_tasks.plain_add.name
    adopt("theirs", name, [1, 2], {}, foreign())
    before = Job.objects.values().get()
    assert adopt("theirs", name, [3, 4], {}, foreign())
    assert Job.objects.values().get() == before


def test_a_foreign_message_is_refused_where_the_site_says_so(settings):
    settings.JOBS_FOREIGN_MESSAGES = "refuse"
    known = job()
    for name in ("theirs", known.id):
        assert not is_ignored(name)
        assert not adopt(name, ADD, [1], {}, foreign())
    assert Job.objects.get().attempt == 0


def test_a_foreign_message_is_none_of_our_business_unless_it_has_the_id_of_a_job(settings):
    settings.JOBS_FOREIGN_MESSAGES = "ignore"
    known = job()
    assert is_ignored("theirs")
    assert not is_ignored(known.id)
    assert adopt(known.id, ADD, [1], {}, foreign())
    assert Job.objects.get().attempt == 0


@pytest.mark.parametrize(
    ("routing_key", "queue"), [("far", "far"), ("near", "celery"), ("celery", "celery")]
)
def test_a_foreign_message_comes_out_of_a_queue_that_its_worker_serves(routing_key, queue):
    said = foreign() | {"delivery_info": {"routing_key": routing_key}}
    adopt("theirs", sample_tasks.plain_add.name, [1, 2], {}, said)
    assert Job.objects.get().queue == queue
    assert claim("theirs", sample_tasks.plain_add.name, said)


@pytest.mark.parametrize("name", ["x" * 256, "a\x00b", ""])
def test_a_foreign_message_with_an_id_that_cannot_be_kept_is_left_alone(name):
    assert not adopt(name, ADD, [1], {}, foreign())
    assert not Job.objects.exists()
