"""Tasks for the tests of rescue: they go on from where an earlier attempt was."""

import time
from pathlib import Path

from django.db import transaction

from jobs import current_job, task
from jobs.models import Event
from tests.hostile_tasks import told

STEP_SECONDS = 0.05
PAID = "paid"


@task
def walk(ledger: str, go: str) -> int:
    """Count in checkpoints until the file `go` is there; tell from where it starts."""
    job = current_job()
    step = int(job.last_checkpoint or 0)
    told(ledger, f"from {step}")
    while not Path(go).exists():
        time.sleep(STEP_SECONDS)
        step += 1
        job.checkpoint(step)
    return step


@task
def do_each(ledger: str, total: int) -> int:
    """Tell of each item once it is done, whichever attempt does it."""
    for item in current_job().track(range(total), resume=True):
        time.sleep(STEP_SECONDS)
        told(ledger, str(item))
    return total


@task
def pay(total: int) -> int:
    """Each payment and its checkpoint are one transaction."""
    job = current_job()
    for number in range(int(job.last_checkpoint or 0), total):
        time.sleep(STEP_SECONDS)
        with transaction.atomic():
            Event.objects.create(verb=PAID, reason=str(number))
            job.checkpoint(number + 1)
    return total


@task
def take_long(ledger: str, seconds: float) -> int:
    """Tell at the begin, then last."""
    number = told(ledger)
    time.sleep(seconds)
    return number
