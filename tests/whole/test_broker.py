"""A broker that is down, hangs, forgets or is slow: no job is lost, no caller waits."""

import base64
import json
import signal

import pytest
from django.db import transaction

from jobs import enqueue
from jobs.dispatch.publisher import publisher
from jobs.models import Job
from jobs.states import State, WaitingFor
from tests.sample_tasks import leave_line, plain_add
from tests.waiting import eventually


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def test_a_job_asked_for_while_nobody_listens_waits_for_the_broker_and_runs(site):
    with site.broker.down():
        jobs = [plain_add.delay(1, number) for number in range(3)]
        for job in jobs:
            row = site.reaches(job, State.PENDING)
            assert row.waiting_for == WaitingFor.BROKER
    for number, job in enumerate(jobs):
        assert site.ends(job, within=60).result == 1 + number


def test_who_asks_for_a_job_never_waits_for_a_broker_that_hangs(site):
    with site.broker.hung():
        jobs = [plain_add.delay(1, number) for number in range(30)]
        assert site.broker.is_silent  # it did not answer, and still nobody waited
        assert {job.state for job in Job.objects.all()} <= {State.QUEUED, State.PENDING}
    eventually(lambda: publisher().waiting.unfinished_tasks == 0, within=60)
    assert site.ends(jobs[0], within=60).result == 1
    eventually(lambda: not Job.objects.live().exists(), within=120)
    assert Job.objects.filter(state=State.COMPLETED, attempt=1).count() == 30


def test_jobs_whose_messages_the_broker_lost_are_rung_again(site, tmp_path):
    ledgers = [tmp_path / f"ledger {number}" for number in range(5)]
    jobs = [leave_line.apply_async((str(path),), queue="later") for path in ledgers]
    eventually(lambda: len(site.broker.messages("later")) == 5)
    site.broker.lose_everything()
    eventually(lambda: len(site.broker.messages("later")) >= 5, within=30)
    site.start_worker(name="later")
    assert [site.ends(job).attempt for job in jobs] == [1] * 5
    assert [lines_of(path) for path in ledgers] == [["x"]] * 5


def test_a_broker_that_forgot_its_queues_still_takes_messages(site):
    assert plain_add.delay(1, 1).get(timeout=20) == 2
    site.broker.lose_everything()
    assert site.ends(plain_add.delay(1, 2)).attempt == 1
    assert site.ends(plain_add.apply_async((1, 3), countdown=1)).attempt == 1


def test_a_commit_sends_one_message_that_says_nothing_but_the_id(site):
    secret = "only-for-the-database"
    with transaction.atomic():
        job = enqueue("tests.sample_tasks.give_back", {"value": secret}, queue="silent")
        call = leave_line.apply_async((secret,), queue="silent", link=plain_add.s(secret))
        assert not site.broker.messages("silent")
    messages = eventually(lambda: len(m := site.broker.messages("silent")) >= 2 and m)
    assert len(messages) == 2
    told = [json.loads(message) for message in messages]
    assert {message["headers"]["id"] for message in told} == {job.id, call.id}
    for message in told:
        said = json.dumps(message) + base64.b64decode(message["body"]).decode()
        assert secret not in said
        assert "plain_add" not in said


KILLED = """
import os, signal
from django.db import transaction
from jobs import enqueue
with transaction.atomic():
    transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    print(enqueue("tests.sample_tasks.add", {"x": 1, "y": 2}).id, flush=True)
"""


@pytest.mark.long
def test_a_job_whose_asker_died_after_the_commit_runs(site):
    job_id = site.run(KILLED, ends_by=signal.SIGKILL)
    assert not site.broker.messages("celery")
    assert site.ends(job_id).result == 3


LAST_WORDS = """
from jobs import enqueue
print(*[enqueue("tests.sample_tasks.add", {"x": 1}).id for _ in range(20)])
"""


def test_a_program_that_ends_at_once_still_rings(site):
    ids = site.run(LAST_WORDS).split()
    assert [site.ends(job_id).result for job_id in ids] == [1] * 20
    assert {job.rings for job in Job.objects.all()} == {0}


def test_a_full_publisher_leaves_jobs_to_the_relay(site, monkeypatch):
    monkeypatch.setattr(publisher().waiting, "maxsize", 1)
    with site.broker.hung():
        jobs = [plain_add.delay(1, number) for number in range(5)]
    assert [site.ends(job, within=60).result for job in jobs] == [1, 2, 3, 4, 5]


@pytest.mark.long
def test_a_forked_process_rings_by_itself(site):
    """It does not wait for the thread that its parent had."""
    plain_add.delay(1, 1).get(timeout=20)
    code = (
        "import os\n"
        "from django.db import connections\n"
        "from jobs import enqueue\n"
        "enqueue('tests.sample_tasks.add', {'x': 1})\n"
        "connections.close_all()\n"
        "child = os.fork()\n"
        "job = enqueue('tests.sample_tasks.add', {'x': 40 + bool(child)})\n"
        "print(job.id, flush=True)\n"
        "if child: os.waitpid(child, 0)\n"
    )
    ids = site.run(code).split()
    assert sorted(site.ends(job_id).result for job_id in ids) == [40, 41]
