"""A broker that goes away, forgets and repeats while jobs wait and run."""

import signal
from datetime import timedelta

import pytest

from jobs import enqueue
from jobs.dispatch.message import ring
from jobs.models import Job
from jobs.states import State
from tests.hostile_tasks import stand_still_plainly
from tests.sample_tasks import leave_line, plain_add
from tests.waiting import eventually
from tests.whole.site import LEASE_SECONDS


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def all_end(jobs, within=120):
    ids = [job.id for job in jobs]
    rows = Job.objects.filter(pk__in=ids)
    eventually(lambda: not rows.live().exists(), within)
    assert set(rows.values_list("state", "attempt")) == {(State.COMPLETED, 1)}


def test_a_running_job_keeps_its_lease_while_the_broker_is_away(site, tmp_path):
    """A task of plain Celery: given up, it would have failed."""
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    job = stand_still_plainly.delay(str(ledger), str(go))
    eventually(ledger.exists)
    first = site.job(job).lease_expires_at
    longer = timedelta(seconds=1.5 * LEASE_SECONDS)
    with site.broker.down():
        eventually(lambda: site.job(job).lease_expires_at > first + longer, within=60)
    assert plain_add.delay(1, 1).get(timeout=60) == 2  # the worker came back
    first = site.job(job).lease_expires_at
    eventually(lambda: site.job(job).lease_expires_at > first + longer, within=60)
    go.touch()
    assert site.ends(job).attempt == 1


def test_jobs_of_a_dead_worker_are_taken_back_while_the_broker_is_away(site, tmp_path):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    wanted = {"ledger": str(ledger), "go": str(go)}
    job = enqueue("tests.hostile_tasks.stand_still", wanted)
    eventually(ledger.exists)
    with site.broker.down():
        site.worker.kill()
        row = site.reaches(job, State.PENDING, State.QUEUED, within=60)
        assert row.lost == 1
        go.touch()
    site.revive()
    assert site.ends(job, within=60).attempt == 2


@pytest.mark.parametrize("many", [300, pytest.param(1000, marks=pytest.mark.long)])
def test_queued_jobs_outlive_a_broker_that_forgets_all(site, many):
    jobs = [plain_add.delay(1, number) for number in range(many)]
    for left in (many * 5 // 6, many // 2, many // 6):
        rows = Job.objects.live()
        eventually(lambda rows=rows, left=left: rows.count() <= left, within=120)
        site.broker.lose_everything()
    all_end(jobs)


def test_when_half_of_the_messages_are_lost_all_jobs_run(site):
    jobs = [plain_add.apply_async((1, number), queue="half") for number in range(40)]
    eventually(lambda: len(site.broker.messages("half")) >= 40)
    site.broker.lose_half("half")
    assert len(site.broker.messages("half")) < 40
    site.start_worker(name="half")
    all_end(jobs)


def test_messages_that_come_many_times_run_their_job_once(site, tmp_path):
    ledgers = [tmp_path / f"ledger {number}" for number in range(20)]
    jobs = [leave_line.apply_async((str(path),), queue="many") for path in ledgers]
    for job in Job.objects.filter(queue="many"):
        for _ in range(5):
            ring(job)
    site.start_worker(name="one", queue="many")
    site.start_worker(name="two", queue="many")
    all_end(jobs)
    for job in Job.objects.filter(queue="many"):
        ring(job)
    last = plain_add.apply_async((1, 1), queue="many")
    assert site.ends(last).result == 2
    assert [lines_of(path) for path in ledgers] == [["x"]] * 20


def test_a_worker_that_hangs_with_messages_in_its_hands_loses_none(site, tmp_path):
    """Prefetched, not begun: nothing tells of them but their rows."""
    go = tmp_path / "go"
    sleeper = site.start_worker(name="sleeper", queue="hands", slots=1)
    ledgers = [tmp_path / f"ledger {number}" for number in range(6)]
    jobs = [
        enqueue(
            "tests.hostile_tasks.stand_still",
            {"ledger": str(ledger), "go": str(go)},
            queue="hands",
        )
        for ledger in ledgers
    ]
    eventually(lambda: any(path.exists() for path in ledgers))
    sleeper.signal_all(signal.SIGKILL)
    site.broker.lose_everything()
    go.touch()
    site.start_worker(name="heir", queue="hands")
    for job in jobs:
        site.ends(job, within=60)
    assert sum(site.job(job).lost for job in jobs) == 1
