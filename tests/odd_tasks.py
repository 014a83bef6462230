"""Tasks that leave in odd ways, or try what a function may do to its job."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from celery import shared_task
from django.contrib.auth.models import Group
from django.db import connection, connections, transaction

from jobs import current_job, task
from jobs.models import Job
from tests.hostile_tasks import told


class Unspeakable(Exception):
    """Nobody can print or pickle it."""

    def __init__(self, one, two):  # type: ignore[no-untyped-def]
        super().__init__(object())

    def __str__(self) -> str:
        raise RuntimeError("not even its text")

    def __reduce__(self):  # type: ignore[no-untyped-def]
        raise RuntimeError("not even its pickle")


def _deep(level: int) -> int:
    return 1 + _deep(level + 1)


def _raise(error: BaseException) -> None:
    raise error


@shared_task
def leave_oddly(how):  # type: ignore[no-untyped-def]
    """Leave in a way that nobody expects of a task."""

    class Local(Exception):
        pass

    ways = {
        "system exit": lambda: sys.exit(3),
        "keyboard interrupt": lambda: _raise(KeyboardInterrupt()),
        "unspeakable": lambda: _raise(Unspeakable(1, 2)),
        "local class": lambda: _raise(Local("local")),
        "recursion": lambda: _deep(0),
        "memory": lambda: _raise(MemoryError()),
        "base exception": lambda: _raise(BaseException("bare")),
        "generator exit": lambda: _raise(GeneratorExit()),
        "stop iteration": lambda: _raise(StopIteration()),
        "exit": lambda: os._exit(0),
    }
    ways[how]()


@shared_task
def spoil_the_connection(how):  # type: ignore[no-untyped-def]
    """Leave the function's own database connection in a bad way."""
    if how == "open transaction":
        transaction.atomic().__enter__()
        Group.objects.create(name="never committed")
    elif how == "broken transaction":
        transaction.atomic().__enter__()
        connection.needs_rollback = True
    elif how == "no autocommit":
        transaction.set_autocommit(False)
        Group.objects.create(name="never committed")
    elif how == "all closed":
        connections.close_all()
    return how


@task
def walk(items: int, ledger: str, wait: str = "", resume: bool = True) -> list[int]:
    """Do items one by one; after the third wait for the file `wait`, deaf meanwhile."""
    done = []
    for item in current_job().track(range(items), step="walk", resume=resume):
        told(ledger, str(item))
        done.append(item)
        while item == 2 and wait and not Path(wait).exists():
            time.sleep(0.05)
    return done


@task
def obey(how: str, ledger: str) -> str:
    """Wait for a request at one kind of safe point; nothing but that may end it."""
    job = current_job()
    told(ledger)
    for number in range(10_000):
        try:
            {
                "track": lambda: list(job.track([0])),
                "checkpoint": lambda: job.checkpoint(number),  # noqa: B023
                "sleep": lambda: job.sleep(0.05),
            }[how]()
        except Exception:  # a request is none
            return "eaten"
        time.sleep(0.01)
    return "never asked"


@task
def checkpoint_and_roll_back() -> list[Any]:
    """A checkpoint goes with the transaction of the function."""
    job = current_job()
    job.checkpoint("kept")
    with transaction.atomic():
        job.checkpoint("rolled back")
        transaction.set_rollback(True)
    return [job.last_checkpoint, Job.objects.get(pk=job.id).checkpoint]


@task
def use_the_directory(fail: bool) -> str:
    """Leave files in the scratch folder, attach one, tell where it was."""
    job = current_job()
    (job.directory / "deep").mkdir()
    (job.directory / "deep" / "a.txt").write_text("a")
    job.attach(job.directory / "deep" / "a.txt")
    job.log(str(job.directory))
    if fail:
        raise ValueError(str(job.directory))
    return str(job.directory)


@task
def err_often(times: int) -> None:
    """Count many errors."""
    for number in range(times):
        current_job().error(number, "broken")


@task
def report_last(times: int) -> None:
    """Report faster than anybody ships, then end at once."""
    for number in range(times):
        current_job().progress(number + 1, times, f"at {number + 1}")


@task
async def write_rows_in_a_loop() -> list[str]:
    """All that a job may write, from a coroutine."""
    job = current_job()
    job.progress(1, 1, "in a loop")
    job.checkpoint({"step": 1})
    job.error("an item", "is broken")
    return [str(job.attach(b"x", "a.txt").pk), use_the_directory.delay(False).id]


@task(bind=True, max_retries=2)
async def retry_in_a_loop(self: Any) -> list[Any]:
    """Ask for another try from a coroutine."""
    if self.request.retries < 2:
        raise self.retry(countdown=0, exc=ValueError("once more"))
    return [self.request.id, self.request.retries]
