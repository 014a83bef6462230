"""The relay's leader dies, sleeps, or has a wrong clock."""

import os
import signal
import sys
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from jobs import enqueue
from jobs.models import Job, Leader
from tests.sample_tasks import plain_add
from tests.waiting import eventually
from tests.whole.site import CELERY, LEASE_SECONDS


def leads(process):
    return Leader.objects.filter(holder__endswith=f":{process.pid}").exists()


def test_another_beat_takes_over_from_one_that_was_killed(site):
    eventually(lambda: leads(site.beat), within=30)
    second = site.process(
        "second", [*CELERY, "beat", "-l", "INFO", "--pidfile=", "-n", "second"]
    ).start()
    second.wait_for("beat: Starting")
    site.beat.kill()
    job = plain_add.apply_async((1, 1), countdown=0.5)
    assert site.ends(job).result == 2
    assert leads(second)


def lease_ran_out(job):
    second = timedelta(seconds=1)
    return Job.objects.filter(pk=job.pk, lease_expires_at__lt=Now() - second).exists()


def test_a_machine_that_was_suspended_takes_no_job_from_anybody(site, tmp_path):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    wanted = {"ledger": str(ledger), "go": str(go)}
    job = enqueue("tests.hostile_tasks.stand_still", wanted)
    eventually(ledger.exists)
    eventually(lambda: leads(site.beat), within=30)
    for process in (site.worker, site.beat):
        process.signal_all(signal.SIGSTOP)
    eventually(lambda: lease_ran_out(job), within=30)
    for process in (site.beat, site.worker):  # the relay wakes first
        process.signal_all(signal.SIGCONT)
    eventually(lambda: not lease_ran_out(job), within=30)
    go.touch()
    row = site.ends(job)
    assert (row.attempt, row.lost) == (1, 0)


WRONG_CLOCK = """
import sys, datetime, time_machine
shift = datetime.timedelta(seconds=float(sys.argv.pop(1)))
time_machine.travel(datetime.datetime.now(datetime.timezone.utc) + shift, tick=True).start()
from celery.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("hours", [1, -1])
def test_a_machine_with_a_wrong_clock_loses_no_job(site, tmp_path, hours):
    """Its worker and its relay, which leads."""
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    wrong = [sys.executable, "-c", WRONG_CLOCK, str(hours * 3600.0), *CELERY[3:]]
    options = ["worker", "-l", "INFO", "-c", "1", "-n", "wrong@tests", "-Q", "wrong"]
    site.beat.kill()
    worker = site.process("wrong", [*wrong, *options]).start()
    beat = site.process("late", [*wrong, "beat", "--pidfile=", "-n", "late"]).start()
    worker.wait_for("ready.")
    eventually(lambda: leads(beat), within=30)
    wanted = {"ledger": str(ledger), "go": str(go)}
    job = enqueue("tests.hostile_tasks.stand_still", wanted, queue="wrong")
    eventually(ledger.exists)
    first = site.job(job).lease_expires_at
    # Renewed for more than two leases: whoever took clocks for true had reaped it by then.
    longer = timedelta(seconds=2.5 * LEASE_SECONDS)
    eventually(lambda: site.job(job).lease_expires_at > first + longer, within=60)
    go.touch()
    row = site.ends(job)
    assert (row.attempt, row.lost) == (1, 0)


def test_the_relay_alone_rescues_too(site, tmp_path):
    site.beat.kill()
    relay = site.process("relay", [sys.executable, "manage.py", "relay"]).start()
    relay.wait_for("The relay runs")
    ledger = tmp_path / "ledger"
    job = enqueue("tests.hostile_tasks.die", {"ledger": str(ledger), "times": 1})
    assert site.ends(job).attempt == 2
    late = plain_add.apply_async((1, 1), countdown=0.5)
    assert site.ends(late).result == 2
    assert leads(relay)
    os.kill(relay.pid, signal.SIGTERM)
    eventually(lambda: not relay.is_alive, within=30)
    assert not Leader.objects.filter(expires_at__gt=Now()).exists()
