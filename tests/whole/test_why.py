"""Why a job does not run: the page follows what real workers and a real broker do."""

import signal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs import enqueue
from jobs.models import Job, Worker
from jobs.states import State
from tests.doors import rows
from tests.hostile_tasks import stand_still
from tests.sample_tasks import add
from tests.waiting import eventually

QUEUE = "why"


@pytest.fixture
def admin(site) -> User:
    return rows.user("admin", is_superuser=True)


def panel(user: User, job: Job) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("jobs:job", args=[job.pk]), {"part": "gauge"}).content.decode()


def says(user: User, job: Job, text: str) -> bool:
    html = panel(user, job)
    assert text in html, html
    return True


def occupy(tmp_path: Path, name: str) -> tuple[Job, Path]:
    """A job that keeps a slot of the queue until the file is there."""
    ledger, go = tmp_path / f"{name}.ledger", tmp_path / f"{name}.go"
    job = enqueue(stand_still.name, {"ledger": str(ledger), "go": str(go)}, queue=QUEUE)
    eventually(ledger.exists, 20)
    return job, go


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_the_page_follows_the_workers_of_the_queue(site, admin, tmp_path, pool):
    first = enqueue(add.name, {"x": 1}, queue=QUEUE)
    eventually(lambda: says(admin, first, f"Nobody serves the queue “{QUEUE}”."))
    worker = site.start_worker(pool=pool, name="extra", queue=QUEUE, slots=1)
    site.ends(first)
    busy, go = occupy(tmp_path, "first")
    waiting = [enqueue(add.name, {"x": 1}, queue=QUEUE) for _ in range(2)]
    eventually(lambda: says(admin, waiting[1], "All workers of its queue are busy."))
    html = panel(admin, waiting[1])
    assert reverse("jobs:job", args=[busy.pk]) in html
    assert "Its only slot is busy" in html and "number 2 of 2" in html
    told = Worker.objects.get(pk="extra@tests")
    assert (told.slots, told.queues, told.is_connected) == (1, [QUEUE], True)
    assert told.others == 0
    go.touch()
    for job in waiting:
        site.ends(job)
    worker.stop()
    late = enqueue(add.name, {"x": 1}, queue=QUEUE)
    eventually(lambda: says(admin, late, "extra@tests was told to end"))


def test_a_function_that_goes_on_without_its_job_keeps_its_slot_busy(site, admin, tmp_path):
    site.start_worker(name="extra", queue=QUEUE, slots=1)
    ghost, go = occupy(tmp_path, "ghost")
    assert Job.objects.filter(pk=ghost.pk).move(State.CANCELLED)
    job = enqueue(add.name, {"x": 1}, queue=QUEUE)
    said = "1 function runs that is no job, or no longer one"
    eventually(lambda: says(admin, job, said), 20)
    assert says(admin, job, "All workers of its queue are busy.")
    go.touch()
    site.ends(job)
    eventually(lambda: Worker.objects.get(pk="extra@tests").others == 0)


def test_a_worker_that_was_killed_or_stopped_is_not_taken_to_be_there(site, admin):
    worker = site.start_worker(name="extra", queue=QUEUE)
    here = Worker.objects.heard().filter(pk="extra@tests", leaving_at=None)
    eventually(here.exists)
    worker.signal_all(signal.SIGSTOP)
    job = enqueue(add.name, {"x": 1}, queue=QUEUE)
    eventually(lambda: says(admin, job, "extra@tests is not heard of any more"), 20)
    worker.signal_all(signal.SIGCONT)
    site.ends(job)
    worker.kill()
    again = enqueue(add.name, {"x": 1}, queue=QUEUE)
    eventually(lambda: says(admin, again, "extra@tests is not heard of any more"), 20)


def test_while_the_broker_is_down_the_page_says_so_and_workers_that_lost_it(site, admin):
    with site.broker.down():
        job = enqueue(add.name, {"x": 1})
        eventually(lambda: says(admin, job, "The broker cannot be reached."), 20)
        eventually(lambda: not Worker.objects.get(pk="main@tests").is_connected, 30)
    site.ends(job, within=60)
    eventually(lambda: Worker.objects.get(pk="main@tests").is_connected)


def test_a_broker_that_hangs_keeps_no_page_waiting(site, admin):
    """Nothing on the way to the page asks the broker: it would hang as long as that."""
    job = enqueue(add.name, {"x": 1}, queue="nobody")
    site.reaches(job, State.QUEUED)
    with site.broker.hung():
        assert "Nobody serves the queue “nobody”." in panel(admin, job)
