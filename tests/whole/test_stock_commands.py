"""Celery's own commands, as people type them from habit: none of them does harm."""

import os
import subprocess

import pytest
from django.conf import settings

from jobs.models import Worker
from jobs.states import State
from tests.hostile_tasks import stand_still_plainly
from tests.sample_tasks import plain_add
from tests.waiting import eventually

from .site import CELERY

QUEUE = "mikrom:queue"


@pytest.fixture
def celery(site):
    """Runs a command of Celery; what it says. It may find nobody who answers."""

    def run(*words: str) -> str:
        done = subprocess.run(
            [*CELERY, *words],
            env=site.environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr

    return run


def test_what_purge_takes_away_is_rung_again(site, celery):
    jobs = [plain_add.apply_async((number, 1), queue=QUEUE) for number in range(3)]
    eventually(lambda: site.broker.messages(QUEUE))
    assert "Purged" in celery("purge", "-f", "-Q", QUEUE)
    assert {site.job(job).state for job in jobs} == {State.QUEUED}
    site.start_worker(name="mikrom", queue=QUEUE, slots=1)
    assert [job.get(timeout=40) for job in jobs] == [1, 2, 3]
    assert {site.job(job).attempt for job in jobs} == {1}


def test_revoke_cancels_what_waits_and_terminate_what_runs(site, celery, tmp_path):
    site.start_worker(name="giver", slots=1)
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    running = stand_still_plainly.apply_async((str(ledger), str(go)), queue="giver")
    eventually(ledger.exists)
    waiting = plain_add.apply_async((1, 2), queue="giver")
    celery("control", "revoke", waiting.id)
    assert site.ends(waiting, State.CANCELLED).attempt == 0
    assert site.job(running).state == State.RUNNING
    celery("control", "terminate", "SIGTERM", running.id)
    assert site.ends(running, State.CANCELLED).attempt == 1


def test_a_worker_with_a_host_in_its_name_and_no_heartbeat_is_one_like_the_others(
    site, celery, tmp_path
):
    site.start_worker(
        name="worker1",
        queue=QUEUE,
        slots=1,
        options=("-n", "worker1@%h", "--without-heartbeat"),
    )
    name = f"worker1@{os.uname().nodename}"
    eventually(lambda: Worker.objects.filter(pk=name).exists())
    assert "pong" in celery("inspect", "ping", "-d", name)
    assert plain_add.apply_async((1, 2), queue=QUEUE).get(timeout=20) == 3
    celery("control", "pool_grow", "2", "-d", name)
    eventually(lambda: Worker.objects.get(pk=name).slots == 3)
    celery("control", "pool_shrink", "9", "-d", name)
    assert "needs one" in celery("control", "pool_shrink", "3", "-d", name)
    celery("control", "shutdown", "-d", name)
    eventually(lambda: not site.processes["worker1"].is_alive, within=30)
    assert Worker.objects.get(pk=name).leaving_at
