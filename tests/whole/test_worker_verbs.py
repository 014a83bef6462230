"""What people do to a worker, done to a real one: over Redis, or the broker of this run."""

import pytest
from celery import current_app

from jobs import enqueue, permissions
from jobs.execution.order import Order
from jobs.management.people import SYSTEM
from jobs.models import Event, Worker
from jobs.states import State
from jobs.workers.readings import READINGS, read
from jobs.workers.verbs import VERBS, do
from tests.doors import rows
from tests.hostile_tasks import stand_still_plainly
from tests.sample_tasks import plain_add
from tests.waiting import eventually

BECAUSE = Order(None, "because")
STAND_STILL = "tests.hostile_tasks.stand_still"


def row_of(worker: str) -> Worker:
    """Its row, which it writes a moment after it is ready."""
    return eventually(lambda: Worker.objects.filter(pk=worker).first())


def told(worker: str, verb: str, **given):
    """The verb's answer; on a busy machine a worker may be late to its first question."""
    eventually(lambda: read(SYSTEM, row_of(worker), READINGS["ping"]).is_done, within=20)
    answer = do(row_of(worker), VERBS[verb], given, BECAUSE)
    assert answer.is_done, answer.problem
    return answer.said


def reads(worker: str, reading: str, user: permissions.Person = SYSTEM):
    answer = read(user, row_of(worker), READINGS[reading])
    assert answer.is_done, answer.problem
    return answer.said


def slots(worker: str) -> int:
    return Worker.objects.get(pk=worker).slots


@pytest.fixture
def stands(site, tmp_path):
    """A job that stands still in its queue until `go` is there, and its ledger."""

    def begin(queue: str):
        ledger, go = tmp_path / f"{queue} ledger", tmp_path / f"{queue} go"
        wanted = {"ledger": str(ledger), "go": str(go)}
        job = enqueue(STAND_STILL, wanted, queue=queue)
        eventually(ledger.exists, within=30)
        return job, go

    return begin


def test_a_pool_grows_and_shrinks_but_never_to_nothing_nor_under_a_job(site, stands):
    site.start_worker(name="swell", slots=1)
    assert told("swell@tests", "grow", n=2) == "pool will grow"
    eventually(lambda: slots("swell@tests") == 3)
    first, go = stands("swell")
    assert told("swell@tests", "shrink", n=2) == "pool shrinks by 2"
    eventually(lambda: slots("swell@tests") == 1)
    answer = do(Worker.objects.get(pk="swell@tests"), VERBS["shrink"], {"n": 1}, BECAUSE)
    assert (answer.is_heard, answer.is_done) == (True, False)
    assert "needs one" in answer.problem
    current_app.control.pool_shrink(5, destination=["swell@tests"], reply=True, timeout=2)
    go.touch()
    assert site.ends(first).attempt == 1
    assert plain_add.apply_async((1, 2), queue="swell").get(timeout=20) == 3


def test_a_queue_with_a_colon_is_added_a_job_of_it_runs_and_it_is_taken_away(site):
    site.start_worker(name="taker", slots=1)
    job = plain_add.apply_async((1, 2), queue="mikrom:queue")
    told("taker@tests", "add-queue", queue="mikrom:queue")
    assert job.get(timeout=20) == 3
    eventually(lambda: "mikrom:queue" in Worker.objects.get(pk="taker@tests").queues)
    taken = {each["name"] for each in reads("taker@tests", "queues")}
    assert taken == {"taker", "mikrom:queue"}
    told("taker@tests", "remove-queue", queue="mikrom:queue")
    eventually(lambda: Worker.objects.get(pk="taker@tests").queues == ["taker"])


def test_a_pool_is_restarted_around_a_job_that_goes_on(site, stands):
    worker = site.start_worker(name="fresh", slots=2)
    job, go = stands("fresh")
    before = {*worker.children()}
    told("fresh@tests", "restart")
    eventually(lambda: before - {*worker.children()}, within=20)
    assert before & {*worker.children()}  # the one that is busy
    go.touch()
    assert site.ends(job).attempt == 1
    eventually(lambda: not before & {*worker.children()}, within=20)
    assert plain_add.apply_async((1, 2), queue="fresh").get(timeout=20) == 3


def test_a_warm_shutdown_lets_the_job_end_and_takes_nothing_more(site, stands):
    worker = site.start_worker(name="leaver", slots=2)
    job, go = stands("leaver")
    told("leaver@tests", "shutdown")
    eventually(lambda: Worker.objects.get(pk="leaver@tests").leaving_at)
    late = plain_add.apply_async((1, 2), queue="leaver")
    go.touch()
    row = site.ends(job)
    assert (row.attempt, row.worker) == (1, "leaver@tests")
    eventually(lambda: not worker.is_alive, within=30)
    assert worker.popen.returncode == 0
    assert site.job(late).attempt == 0
    event = Event.objects.get(verb="shutdown")
    assert (event.subject, event.reason) == ("leaver@tests", "because")
    assert event.after == {"answer": "it ends when what it runs is done"}


def test_a_cold_shutdown_gives_the_job_back_once_and_fails_what_must_not_run_twice(
    site, stands, tmp_path
):
    worker = site.start_worker(name="cold", slots=2)
    job, go = stands("cold")
    held, free = tmp_path / "held", tmp_path / "free"
    plain = stand_still_plainly.apply_async((str(held), str(free)), queue="cold")
    eventually(held.exists)
    told("cold@tests", "cold-shutdown")
    eventually(lambda: not worker.is_alive, within=30)
    go.touch()
    assert site.job(job).state == State.QUEUED
    assert site.ends(plain, State.FAILED).attempt == 1
    site.start_worker(name="heir", queue="cold", slots=1)
    row = site.ends(job)
    assert (row.attempt, row.worker) == (2, "heir@tests")


def test_celerys_own_shutdown_moves_a_job_with_checkpoints_as_a_signal_does(site, tmp_path):
    leaver = site.start_worker(name="leaver", queue="walkers", slots=1)
    go = tmp_path / "go"
    wanted = {"ledger": str(tmp_path / "ledger"), "go": str(go)}
    job = enqueue("tests.rescue_tasks.walk", wanted, queue="walkers")
    eventually(lambda: (site.job(job).checkpoint or 0) >= 3)
    current_app.control.shutdown(destination=["leaver@tests"])
    eventually(lambda: not leaver.is_alive, within=30)
    row = site.job(job)
    assert (row.state, row.lost) == (State.QUEUED, 0)
    assert "told to end" in row.attempts.get().reason


def test_a_worker_tells_of_itself_and_shows_no_arguments_and_no_secrets(site, stands):
    site.start_worker(name="open", slots=1, SECRET_KEY="very-secret-key-of-this-site")
    job, go = stands("open")
    assert reads("open@tests", "ping") == "pong"
    assert any(each.startswith(plain_add.name) for each in reads("open@tests", "registered"))
    active = reads("open@tests", "active")
    assert [each["id"] for each in active["items"]] == [job.pk]
    assert not {"args", "kwargs"} & {*active["items"][0]}
    # Who controls workers, and may not see the job, learns that there is one.
    hers = rows.user("wanda")
    assert reads("open@tests", "active", hers) == {"items": [], "hidden": 1}
    for reading in ("reserved", "scheduled"):
        assert reads("open@tests", reading) == {"items": [], "hidden": 0}
    stats = reads("open@tests", "stats")
    assert stats["pool"]["max-concurrency"] == 1
    configured = reads("open@tests", "conf")
    assert configured["worker_prefetch_multiplier"] == 1
    assert "very-secret-key" not in str(configured)
    if "@" in site.broker.url:
        assert site.broker.url not in str([configured, stats])
    go.touch()
    site.ends(job)


def test_limits_of_a_task_are_set_on_one_worker(site, tmp_path):
    site.start_worker(name="strict", slots=1)
    told("strict@tests", "time-limit", task="tests.hostile_tasks.stand_still_plainly", hard=1)
    held = tmp_path / "held"
    plain = stand_still_plainly.apply_async((str(held), str(tmp_path / "go")), queue="strict")
    assert "TimeLimitExceeded" in site.ends(plain, State.FAILED).error_type
    told("strict@tests", "rate-limit", task=plain_add.name, rate="1/h")
    calls = [plain_add.apply_async((1, 2), queue="strict") for _ in range(3)]
    eventually(lambda: site.job(calls[0]).is_final or site.job(calls[1]).is_final)
    told("strict@tests", "rate-limit", task=plain_add.name, rate="")
    assert [call.get(timeout=30) for call in calls] == [3, 3, 3]


@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_what_a_pool_cannot_do_is_refused_in_words(site, pool):
    site.start_worker(pool=pool, name=pool)
    worker = row_of(f"{pool}@tests")
    for verb, given in (("grow", {"n": 1}), ("shrink", {"n": 1}), ("restart", {})):
        answer = do(worker, VERBS[verb], given, BECAUSE)
        assert answer.is_heard and answer.problem.endswith(f"cannot {verb}"), answer
    answer = do(worker, VERBS["autoscale"], {"max": 3, "min": 1}, BECAUSE)
    assert answer.problem == "Autoscale not enabled"


def test_a_worker_that_is_gone_answers_nothing_and_the_wish_is_kept(site):
    gone = Worker.objects.create(name="gone@tests")
    answer = do(gone, VERBS["grow"], {"n": 1}, BECAUSE)
    assert (answer.is_heard, answer.is_done) == (False, False)
    assert "no answer within 2 s" in answer.problem
    assert Event.objects.get(verb="grow").after == {"n": 1, "answer": answer.problem}
