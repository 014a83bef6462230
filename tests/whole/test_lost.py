"""Workers that die, hang or wake up too late, and what becomes of their jobs."""

import signal
from datetime import timedelta

import pytest
from celery import chord
from django.db import connection
from django.db.models.functions import Now
from django_celery_results.models import TaskResult

from jobs import enqueue
from jobs.models import Job
from jobs.states import State
from tests.hostile_tasks import (
    die_and_retry,
    die_plainly,
    haunt,
    stand_still,
    stand_still_plainly,
)
from tests.sample_tasks import leave_line, plain_add, xsum
from tests.waiting import eventually

from .site import LEASE_SECONDS


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def test_a_job_whose_process_is_killed_runs_again(site, tmp_path):
    ledger = tmp_path / "ledger"
    job = site.ends(enqueue("tests.hostile_tasks.die", {"ledger": str(ledger), "times": 1}))
    assert (job.result, job.attempt, job.lost) == (2, 2, 1)
    (ended_badly,) = job.attempts.all()
    assert "SIGKILL" in ended_badly.reason


@pytest.mark.long
def test_a_job_that_kills_every_process_is_given_up(site, tmp_path):
    ledger = tmp_path / "ledger"
    job = enqueue("tests.hostile_tasks.die", {"ledger": str(ledger), "times": 99})
    job = site.ends(job, State.FAILED, within=60)
    assert len(lines_of(ledger)) == job.attempt == 4
    assert "SIGKILL" in job.reason
    assert TaskResult.objects.get(task_id=job.id).status == "FAILURE"


def test_a_task_of_plain_celery_is_not_run_again_without_being_asked(site, tmp_path):
    ledger = tmp_path / "ledger"
    job = site.ends(die_plainly.delay(str(ledger)), State.FAILED)
    assert "SIGKILL" in job.reason
    assert lines_of(ledger) == ["x"]


def test_a_task_that_says_so_in_celerys_words_is_run_again(site, tmp_path):
    job = site.ends(die_and_retry.delay(str(tmp_path / "ledger")))
    assert (job.result, job.attempt, job.lost, job.retries) == (2, 2, 1, 0)


def test_a_job_of_a_killed_worker_runs_again_once_its_lease_is_over(site, tmp_path):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    job = enqueue("tests.hostile_tasks.stand_still", {"ledger": str(ledger), "go": str(go)})
    held = stand_still_plainly.delay(str(tmp_path / "held"), str(go))
    eventually(lambda: ledger.exists() and (tmp_path / "held").exists())
    site.worker.kill()
    go.touch()
    site.revive()
    job = site.ends(job)
    assert (job.result, job.attempt, job.lost) == (2, 2, 1)
    assert "main@tests" in job.attempts.get().reason
    held = site.ends(held, State.FAILED)
    assert (held.error_type, lines_of(tmp_path / "held")) == ("WorkerLost", ["x"])


@pytest.mark.parametrize("leases", [1.5, pytest.param(15, marks=pytest.mark.long)])
def test_a_child_that_is_deaf_for_longer_than_a_lease_is_not_given_up(site, leases):
    wanted = {"seconds": leases * LEASE_SECONDS}
    job = site.ends(enqueue("tests.hostile_tasks.hold_the_gil", wanted), within=300)
    assert (job.attempt, job.lost) == (1, 0)
    assert job.finished_at - job.started_at > timedelta(seconds=LEASE_SECONDS)


@pytest.mark.long
def test_a_worker_that_slept_through_its_lease_changes_nothing_when_it_wakes(site, tmp_path):
    ledger, go, linked = tmp_path / "ledger", tmp_path / "go", tmp_path / "linked"
    sleeper = site.start_worker(name="sleeper", queue="sleepy")
    call = stand_still.s(str(ledger), str(go)).set(queue="sleepy")
    result = call.apply_async(link=leave_line.si(str(linked)))
    eventually(ledger.exists)
    sleeper.signal_all(signal.SIGSTOP)
    waker = site.start_worker(name="waker", queue="sleepy")
    eventually(lambda: len(lines_of(ledger)) == 2, within=30)
    sleeper.signal_all(signal.SIGCONT)
    go.touch()
    job = site.ends(result)
    assert (job.result, job.attempt, job.worker) == (2, 2, "waker@tests")
    for worker in (sleeper, waker):  # warm: what runs there may end first
        worker.signal(signal.SIGTERM)
        eventually(lambda worker=worker: not worker.is_alive, within=30)
    eventually(lambda: not Job.objects.live().exists())
    assert len(lines_of(linked)) == 1
    assert site.job(result).result == 2


def take_the_lease_away(job_id):
    row = Job.objects.filter(pk=job_id)
    hour = Now() + timedelta(hours=1)
    assert row.update(lease="another", lease_expires_at=hour, attempt=7) == 1
    return row


def test_a_zombie_leaves_nothing_behind_and_drives_no_canvas(site, tmp_path):
    ledger, go, linked = tmp_path / "ledger", tmp_path / "go", tmp_path / "linked"
    link = leave_line.si(str(linked))
    steps = haunt.s(str(ledger), str(go)).on_error(link) | leave_line.si(str(linked))
    result = steps.apply_async(link=link)
    eventually(ledger.exists)
    chain_step = Job.objects.get(task=haunt.name)
    row = take_the_lease_away(chain_step.id)
    before = row.values().get()
    go.touch()
    eventually(lambda: "attach LeaseLost" in lines_of(ledger))
    assert "checkpoint LeaseLost" in lines_of(ledger)
    site.worker.signal(signal.SIGTERM)
    eventually(lambda: not site.worker.is_alive, within=30)
    assert row.values().get() == before
    assert not linked.exists()
    assert not Job.objects.exclude(pk=chain_step.id).exists()
    job = row.get()
    for kept in (job.artifacts, job.log_chunks, job.errors, job.attempts):
        assert not kept.exists()
    assert not TaskResult.objects.filter(task_id__in=[result.id, job.id]).exists()


def test_a_zombie_counts_for_no_chord(site, tmp_path):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    result = chord([haunt.s(str(ledger), str(go)), plain_add.s(1, 1)])(xsum.s())
    eventually(ledger.exists)
    zombie = Job.objects.get(task=haunt.name)
    take_the_lease_away(zombie.id)
    go.touch()
    site.worker.signal(signal.SIGTERM)
    eventually(lambda: not site.worker.is_alive, within=30)
    assert not Job.objects.filter(pk=result.id).exists()


@pytest.mark.skipif(
    "sqlite" in str(connection.vendor), reason="a file has no server to restart"
)
def test_a_database_that_restarts_turns_no_success_into_failure(site, tmp_path):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    job = enqueue("tests.hostile_tasks.stand_still", {"ledger": str(ledger), "go": str(go)})
    eventually(ledger.exists)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    go.touch()
    job = site.ends(job)
    assert (job.attempt, job.result) == (1, 1)
    assert site.ends(plain_add.delay(1, 1)).result == 2
