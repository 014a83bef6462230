"""The pools that Celery runs tasks in, and what holds in each."""

from importlib.util import find_spec

import pytest
from django.db import connection

from jobs import enqueue
from jobs.models import Job
from jobs.states import Requested, State
from tests.hostile_tasks import stand_still
from tests.limited_tasks import linger
from tests.sample_tasks import add, fail, plain_add, succeed_after
from tests.waiting import eventually

from .site import LEASE_SECONDS


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


IS_GREEN_POSSIBLE = connection.vendor != "sqlite" and find_spec("gevent") is not None
green = pytest.mark.skipif(
    not IS_GREEN_POSSIBLE, reason="green threads need PostgreSQL, and gevent"
)
GREEN = pytest.param("gevent", marks=green)


@pytest.mark.parametrize("pool", ["threads", "solo", GREEN])
def test_a_pool_runs_jobs_that_succeed_fail_and_retry(site, tmp_path, pool):
    site.start_worker(pool=pool, name=pool)
    ledger = str(tmp_path / "ledger")
    fine = add.apply_async((1, 2), queue=pool)
    broken = fail.apply_async(("no",), queue=pool)
    again = succeed_after.apply_async((2, ledger), queue=pool)
    linked = plain_add.apply_async((1, 2), queue=pool, link=plain_add.s(1).set(queue=pool))
    assert [call.get(timeout=30) for call in (fine, again, linked)] == [3, 3, 3]
    assert site.ends(broken, State.FAILED).error == "no"
    assert site.ends(again).attempt == 3
    eventually(lambda: Job.objects.filter(parent_id=linked.id, state=State.COMPLETED))
    assert {job.worker for job in Job.objects.all()} == {f"{pool}@tests"}


@pytest.mark.long
@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_a_long_job_keeps_its_lease_without_a_process_of_its_own(site, tmp_path, pool):
    site.start_worker(pool=pool, name=pool, slots=1)
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    result = stand_still.apply_async((str(ledger), str(go)), queue=pool)
    first = site.reaches(result, State.RUNNING).lease_expires_at
    job = Job.objects.filter(pk=result.id)
    # By the database's clock a whole lease has passed since the first one ended.
    eventually(lambda: (job.get().lease_expires_at - first).total_seconds() > LEASE_SECONDS)
    go.touch()
    job = site.ends(result)
    assert (job.attempt, job.lost, lines_of(ledger)) == (1, 0, ["x"])


@green
def test_green_threads_run_their_jobs_at_once(site, tmp_path):
    """None of them ends before all of them have begun. Each holds a connection, of which
    PostgreSQL has a hundred for everybody as it comes."""
    site.start_worker(pool="gevent", name="gevent", slots=100)
    go = tmp_path / "go"
    jobs = [
        stand_still.apply_async((str(tmp_path / f"ledger {n}"), str(go)), queue="gevent")
        for n in range(30)
    ]
    mine = Job.objects.filter(pk__in=[job.id for job in jobs])
    eventually(lambda: mine.filter(state=State.RUNNING).count() == len(jobs), within=60)
    go.touch()
    eventually(lambda: mine.filter(state=State.COMPLETED).count() == len(jobs), within=60)
    assert {job.attempt for job in mine} == {1}


def test_two_jobs_in_threads_of_one_process_do_not_disturb_each_other(site, tmp_path):
    site.start_worker(pool="threads", name="threads")
    gos = [tmp_path / "go 0", tmp_path / "go 1"]
    params = [{"total": 5 + number, "wait": str(go)} for number, go in enumerate(gos)]
    jobs = [enqueue("tests.sample_tasks.report", given, queue="threads") for given in params]

    def done(number):
        return (site.job(jobs[number]).progress or {}).get("current")

    eventually(lambda: [done(0), done(1)] == [5, 6])
    Job.objects.filter(pk=jobs[0].pk).update(requested=Requested.CANCEL)
    site.ends(jobs[0], State.CANCELLED)
    assert site.job(jobs[1]).state == State.RUNNING
    gos[1].touch()
    assert site.ends(jobs[1]).result == 6
    for job, total in zip(jobs, (5, 6), strict=True):
        lines = [line for chunk in site.job(job).log_chunks.all() for line in chunk.lines]
        assert [text for _at, _level, text in lines] == [f"line {n}" for n in range(total)]


def test_a_job_in_a_thread_that_outlives_its_lease_leaves_nothing_behind(site, tmp_path):
    site.start_worker(pool="threads", name="threads")
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    job = enqueue(
        "tests.hostile_tasks.haunt", {"ledger": str(ledger), "go": str(go)}, queue="threads"
    )
    eventually(ledger.exists)
    assert Job.objects.filter(pk=job.pk).move(State.CANCELLED)
    before = Job.objects.filter(pk=job.pk).values().get()
    go.touch()
    eventually(lambda: "attach LeaseLost" in lines_of(ledger))
    assert add.apply_async((1, 2), queue="threads").get(timeout=20) == 3
    assert Job.objects.filter(pk=job.pk).values().get() == before
    assert not site.job(job).artifacts.exists()


@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_limits_are_kept_at_safe_points_where_nothing_can_be_interrupted(site, pool):
    site.start_worker(pool=pool, name=pool)
    soft = linger.apply_async((False,), queue=pool)
    job = site.ends(soft, State.FAILED)
    assert job.error_type == "SoftTimeLimitExceeded"
    assert job.reason.startswith("Its soft time limit of 1 s struck; it left after")
    job = site.ends(linger.apply_async((True,), queue=pool), State.FAILED)
    assert (job.error_type, job.attempt) == ("TimeLimitExceeded", 1)
    assert job.reason.startswith("Its hard time limit of 2 s struck; it left after")
