"""A change whose SQL is kept does what the ordinary one does."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from jobs.models import Job, JobQuerySet, OneJob, Task, lease_end
from jobs.models.one import _kept
from jobs.states import State

pytestmark = pytest.mark.django_db
COLUMNS = ("id", "state", "version", "params", "queued_at", "started_at", "task")


def a_job(**columns: Any) -> Job:
    Task.objects.get_or_create(name="tests.add", defaults={"title": "Add"})
    return Job.objects.create(task_id="tests.add", **columns)


def by(**columns: Any) -> JobQuerySet:
    return Job.objects.filter(**columns)


def take(job: Job, lease: str, limit: float | None = None) -> list[Job]:
    one = OneJob(by, id=job.id, task="tests.add", time_limit=limit)
    changes = {"attempt": F("attempt") + 1, "lease_expires_at": lease_end()}
    return one.move_returning(State.RUNNING, COLUMNS, lease=lease, **changes)


def test_the_moved_row_comes_back_as_python_reads_it():
    job = a_job(params={"a": [1, None]}, queued_at="2026-01-02T03:04:05+00:00")
    [taken] = take(job, "mine")
    job.refresh_from_db()
    for name in COLUMNS:
        assert getattr(taken, name) == getattr(job, name), name
    assert (job.state, job.version, job.attempt, job.lease) == ("running", 2, 1, "mine")


def test_each_run_has_its_own_values():
    jobs = [a_job() for _ in range(3)]
    for number, job in enumerate(jobs):
        assert [taken.id for taken in take(job, f"lease {number}")] == [job.id]
    leases = [Job.objects.get(pk=job.pk).lease for job in jobs]
    assert leases == ["lease 0", "lease 1", "lease 2"]


def test_nothing_is_a_value_of_its_own():
    unlimited, limited = a_job(), a_job(time_limit=5.5)
    assert take(unlimited, "a", limit=5.5) == []
    assert take(limited, "b", limit=None) == []
    assert take(unlimited, "c", limit=None) and take(limited, "d", limit=5.5)


def test_a_move_is_guarded_by_the_states_that_it_may_come_from():
    job = a_job()
    assert take(job, "first")
    assert take(job, "second") == []
    assert Job.objects.get(pk=job.pk).lease == "first"


def test_the_sql_is_written_once():
    take(a_job(), "warm")
    written = _kept.cache_info().misses
    for number in range(5):
        take(a_job(), f"lease {number}")
    assert _kept.cache_info().misses == written


def test_json_and_text_arrive_whole():
    job = a_job()
    take(job, "mine")
    result = {"quote": "'; DROP TABLE", "percent": "%s", "none": None}
    one = OneJob(by, id=job.id, lease="mine")
    assert one.move_returning(State.COMPLETED, ("id",), result=result, reason="100 % é")
    job.refresh_from_db()
    assert (job.result, job.reason, job.lease) == (result, "100 % é", None)


def test_an_inserted_row_is_what_save_would_have_stored():
    Task.objects.create(name="tests.add", title="Add")
    told = {"params": {"a": [1, None]}, "tags": ["x"], "due_at": None, "queue": "q"}
    saved = Job(task_id="tests.add", **told)
    saved.save(force_insert=True)
    inserted = Job(task_id="tests.add", ring_at=lease_end(), **told)
    inserted.insert()
    assert not inserted._state.adding and inserted.created_at is not None
    one, other = (Job.objects.values().get(pk=job.pk) for job in (saved, inserted))
    assert other.pop("ring_at") > other["created_at"]
    assert other["created_at"] == inserted.created_at
    different = {"id", "created_at", "ring_at"}
    assert {name: one[name] for name in one.keys() - different} == {
        name: other[name] for name in other.keys() - different
    }


def test_the_same_row_cannot_be_inserted_twice():
    job = a_job()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job(id=job.id, task_id="tests.add").insert()
    assert Job.objects.count() == 1
