"""SQLite without room: a clear error, nothing half-written, and it goes on when there is."""

import sqlite3
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, connections
from django_celery_results.models import TaskResult

from jobs import enqueue
from jobs.execution.attempt import RunningAttempt
from jobs.execution.books import the_books
from jobs.execution.claim import claim
from jobs.execution.mark import new_lease
from jobs.models import Job
from jobs.states import State
from tests.verbs.crashing import QUEUE, message
from tests.verbs.machine import Voice

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="a server's disk is its own"),
]
TEXT = "x" * 500_000
PLENTY = 1_000_000_000


def allow(pages):
    """What the file of this connection may grow to; the pages that it has, for 0."""
    raw = connection.connection
    if not pages:
        [[pages]] = raw.execute("PRAGMA page_count").fetchall()
    raw.execute(f"PRAGMA max_page_count = {pages}")


@contextmanager
def full_disk():
    """No room on the connection in use; after two refusals somebody makes some."""
    refusals = []

    def watch(execute, *args):
        try:
            return execute(*args)
        except OperationalError as error:
            assert error.__cause__.sqlite_errorcode == sqlite3.SQLITE_FULL
            refusals.append(str(error))
            if len(refusals) == 2:
                allow(PLENTY)
            raise

    connection.ensure_connection()
    allow(0)
    with connection.execute_wrapper(watch):
        yield refusals
    allow(PLENTY)


def test_who_asks_for_a_job_hears_of_it_and_nothing_is_there(broker):
    with full_disk() as refusals:
        with pytest.raises(OperationalError, match="full"):
            enqueue("tests.sample_tasks.give_back", {"value": TEXT}, queue=QUEUE)
        assert not Job.objects.exists()
        allow(PLENTY)
        enqueue("tests.sample_tasks.give_back", {"value": TEXT}, queue=QUEUE)
    assert Job.objects.get().params["value"] == TEXT
    assert len(refusals) == 1


def test_an_end_waits_for_room_and_is_written_whole(broker):
    job, lease = enqueue("tests.sample_tasks.give_back", {}, queue=QUEUE), new_lease()
    attempt = RunningAttempt(claim(job.pk, job.task_id, message(lease)), lease, Voice())
    attempt.result = TEXT
    with the_books(), full_disk() as refusals:
        attempt.succeed(TEXT)
    assert len(refusals) == 2
    row = Job.objects.get()
    assert (row.state, row.result, row.attempt) == (State.COMPLETED, TEXT, 1)
    assert TaskResult.objects.get().status == "SUCCESS"
    connections.close_all()
