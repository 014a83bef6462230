"""Workers that are told to end: what they run goes on elsewhere, or may come to its end."""

import signal

import pytest
from billiard.exceptions import WorkerLostError

from jobs import enqueue
from jobs.execution.control import Order, pause, resume
from jobs.models import Event, Job
from jobs.states import State
from tests.hostile_tasks import stand_still_plainly
from tests.rescue_tasks import PAID
from tests.waiting import eventually

TOLD_TO_END = "Its worker was told to end."


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def ends(process):
    eventually(lambda: not process.is_alive, within=30)


def test_a_job_with_checkpoints_moves_to_another_worker(site, tmp_path):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    leaver = site.start_worker(name="leaver", queue="walkers", slots=1)
    wanted = {"ledger": str(ledger), "go": str(go)}
    job = enqueue("tests.rescue_tasks.walk", wanted, queue="walkers")
    eventually(lambda: (site.job(job).checkpoint or 0) >= 3)
    leaver.signal(signal.SIGTERM)
    ends(leaver)
    assert site.job(job).state == State.QUEUED
    site.start_worker(name="heir", queue="walkers", slots=1)
    eventually(lambda: len(lines_of(ledger)) == 2, within=30)
    go.touch()
    row = site.ends(job)
    assert (row.worker, row.attempt, row.lost) == ("heir@tests", 2, 0)
    assert int(lines_of(ledger)[1].split()[1]) >= 3
    assert "told to end" in row.attempts.get().reason


def test_each_item_of_a_resumable_loop_is_done_once(site, tmp_path):
    ledger = tmp_path / "ledger"
    leaver = site.start_worker(name="leaver", queue="walkers", slots=1)
    wanted = {"ledger": str(ledger), "total": 200}
    job = enqueue("tests.rescue_tasks.do_each", wanted, queue="walkers")
    eventually(lambda: len(lines_of(ledger)) >= 3)
    leaver.signal(signal.SIGTERM)
    ends(leaver)
    site.start_worker(name="heir", queue="walkers", slots=1)
    row = site.ends(job, within=60)
    assert (row.worker, row.attempt) == ("heir@tests", 2)
    assert lines_of(ledger) == [str(item) for item in range(200)]


def test_a_job_without_checkpoints_may_come_to_its_end(site, tmp_path):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    leaver = site.start_worker(name="leaver", queue="walkers", slots=1)
    wanted = {"ledger": str(ledger), "go": str(go)}
    job = enqueue("tests.hostile_tasks.stand_still", wanted, queue="walkers")
    eventually(ledger.exists)
    leaver.signal(signal.SIGTERM)
    leaver.wait_for("Warm shutdown")
    go.touch()
    row = site.ends(job)
    assert (row.worker, row.attempt) == ("leaver@tests", 1)
    ends(leaver)


def test_a_cold_shutdown_gives_back_what_may_run_again_and_fails_the_rest(site, tmp_path):
    ledger, held, go = tmp_path / "ledger", tmp_path / "held", tmp_path / "go"
    leaver = site.start_worker(name="leaver", queue="walkers", slots=2)
    wanted = {"ledger": str(ledger), "go": str(go)}
    job = enqueue("tests.hostile_tasks.stand_still", wanted, queue="walkers")
    plain = stand_still_plainly.apply_async((str(held), str(go)), queue="walkers")
    eventually(lambda: ledger.exists() and held.exists())
    leaver.signal(signal.SIGQUIT)
    ends(leaver)
    go.touch()
    row = site.job(job)
    assert (row.state, row.attempts.get().reason) == (State.QUEUED, TOLD_TO_END)
    failed = site.ends(plain, State.FAILED)
    assert (failed.attempt, failed.reason) == (1, TOLD_TO_END)
    with pytest.raises(WorkerLostError, match="told to end"):
        plain.get(timeout=5)
    site.start_worker(name="heir", queue="walkers", slots=1)
    assert site.ends(job).attempt == 2
    assert lines_of(held) == ["x"]


def test_what_was_rolled_back_with_a_pause_is_done_again_and_nothing_twice(site):
    job = enqueue("tests.rescue_tasks.pay", {"total": 60})
    chosen = Job.objects.filter(pk=job.pk)
    paid = Event.objects.filter(verb=PAID)
    for times in (1, 2):
        eventually(lambda times=times: paid.count() >= 5 * times)
        assert pause(chosen, Order()) == 1
        row = site.reaches(job, State.PAUSED)
        assert paid.count() == row.checkpoint
        assert resume(chosen, Order()) == 1
    assert site.ends(job).result == 60
    numbers = [int(number) for number in paid.values_list("reason", flat=True)]
    assert sorted(numbers) == list(range(60))
