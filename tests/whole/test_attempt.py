"""What a function can do to its job, and the ways in which it can leave."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db.models.functions import Now

from jobs import enqueue
from jobs.conf import configuration
from jobs.models import Job
from jobs.states import Requested, State
from tests import odd_tasks
from tests.sample_tasks import plain_add
from tests.waiting import eventually


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def ask(job, requested):
    assert Job.objects.filter(pk=job.pk).active().update(requested=requested) == 1


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("system exit", "Exited"),
        ("keyboard interrupt", "Exited"),
        ("unspeakable", "Unspeakable"),
        ("local class", "Local"),
        ("recursion", "RecursionError"),
        ("memory", "MemoryError"),
        ("base exception", "BaseException"),
        ("generator exit", "GeneratorExit"),
        ("stop iteration", "StopIteration"),
        ("exit", "WorkerLostError"),
    ],
)
def test_however_a_function_leaves_its_job_ends_and_the_worker_lives(site, how, error):
    job = site.ends(odd_tasks.leave_oddly.delay(how), State.FAILED)
    assert job.error_type == error
    assert job.reason
    assert plain_add.delay(1, 1).get(timeout=20) == 2


@pytest.mark.parametrize(
    "how", ["open transaction", "broken transaction", "no autocommit", "all closed"]
)
def test_a_function_that_spoils_its_connection_spoils_nothing_else(site, how):
    job = site.ends(odd_tasks.spoil_the_connection.delay(how))
    assert job.result == how
    others = [plain_add.delay(1, number) for number in range(4)]
    assert [site.ends(other).attempt for other in others] == [1] * 4
    assert not Group.objects.exists()


@pytest.mark.parametrize("how", ["track", "checkpoint", "sleep"])
def test_a_job_is_cancelled_at_its_next_safe_point(site, tmp_path, how):
    job = enqueue("tests.odd_tasks.obey", {"how": how, "ledger": str(tmp_path / "begun")})
    eventually((tmp_path / "begun").exists)
    ask(job, Requested.CANCEL)
    job = site.ends(job, State.CANCELLED)
    assert (job.requested, job.result, job.attempt) == ("", None, 1)


def test_a_paused_loop_goes_on_where_it_was(site, tmp_path):
    ledger, wait = tmp_path / "ledger", tmp_path / "wait"
    params = {"items": 6, "ledger": str(ledger), "wait": str(wait)}
    job = enqueue("tests.odd_tasks.walk", params)
    eventually(lambda: len(lines_of(ledger)) == 3)
    ask(job, Requested.PAUSE)
    eventually(lambda: (site.job(job).progress or {}).get("current") == 2)
    wait.touch()
    paused = site.reaches(job, State.PAUSED)
    assert (paused.lease, paused.requested) == (None, "")
    assert Job.objects.filter(pk=job.pk).move(State.QUEUED, ring_at=Now())
    job = site.ends(job)
    assert lines_of(ledger) == [str(number) for number in range(6)]
    assert (job.result, job.attempt) == ([3, 4, 5], 2)
    assert job.progress["current"] == job.progress["total"] == 6


def test_a_checkpoint_belongs_to_the_transaction_of_the_function(site):
    job = site.ends(enqueue("tests.odd_tasks.checkpoint_and_roll_back"))
    assert job.checkpoint == "kept"
    assert job.result[1] == "kept"


@pytest.mark.parametrize("fail", [False, True])
def test_the_scratch_folder_is_gone_afterwards_and_what_was_attached_stays(site, fail):
    job = enqueue("tests.odd_tasks.use_the_directory", {"fail": fail})
    job = site.ends(job, State.FAILED if fail else State.COMPLETED)
    folder = Path(job.error if fail else job.result)
    eventually(lambda: not folder.exists())
    (artifact,) = job.artifacts.all()
    assert (artifact.name, artifact.size, artifact.content_type) == ("a.txt", 1, "text/plain")
    assert artifact.file.read() == b"a"


def test_errors_are_counted_exactly_and_kept_up_to_a_number(site):
    times = configuration().errors_kept + 50
    job = enqueue("tests.odd_tasks.err_often", {"times": times})
    job = site.ends(job, State.COMPLETED_WITH_ERRORS)
    assert job.errors_count == times
    assert job.errors.count() == configuration().errors_kept


def test_the_last_report_is_in_the_row_however_fast_the_job_was(site):
    job = site.ends(enqueue("tests.odd_tasks.report_last", {"times": 100_000}))
    assert job.progress["current"] == 100_000
    assert (job.progress["percent"], job.progress["message"]) == (100.0, "at 100000")


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_coroutine_writes_all_that_a_job_may_write(site, pool):
    site.start_worker(name=pool, pool=pool)
    job = site.ends(
        enqueue(odd_tasks.write_rows_in_a_loop, queue=pool), State.COMPLETED_WITH_ERRORS
    )
    artifact, child = job.result
    assert str(job.artifacts.get().pk) == artifact
    assert (job.checkpoint, job.progress["message"]) == ({"step": 1}, "in a loop")
    assert (site.ends(child).parent_id, job.errors.get().item) == (job.pk, "an item")


def test_a_coroutine_knows_its_request_and_may_ask_for_another_try(site):
    result = odd_tasks.retry_in_a_loop.delay()
    assert result.get(timeout=20) == [result.id, 2]
    assert site.ends(result).attempt == 3
