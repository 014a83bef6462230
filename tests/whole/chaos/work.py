"""What the jobs of the chaos do. Each attempt leaves a line in a file outside of the
database: that tells of work which was done and never accepted."""

import os
import time
from pathlib import Path
from typing import Any

from celery import shared_task

from jobs import current_job, task


def tell(word: str) -> None:
    """One line, written at once whole: what, which job, which attempt."""
    job = current_job()
    line = f"{word} {job.id} {job.attempt}\n".encode()
    file = os.open(os.environ["CHAOS_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def work(seconds: float, value: Any) -> Any:
    tell("begun")
    time.sleep(seconds)
    tell("ended")
    return value


@task
def short(label: str, seconds: float) -> str:
    """Sleep for a moment."""
    return work(seconds, label)  # type: ignore[no-any-return]


@task(ignore_result=True)
def quiet(label: str, seconds: float) -> None:
    """Nobody wants its result."""
    work(seconds, None)


@task
def walk(label: str, steps: int, seconds: float) -> int:
    """A long job that goes on from its checkpoint."""
    tell("begun")
    job = current_job()
    for step in range(int(job.last_checkpoint or 0), steps):
        time.sleep(seconds)
        job.checkpoint(step + 1)
        job.progress(step + 1, steps)
    tell("ended")
    return steps


@task(max_retries=10)
def flaky(label: str, times: int) -> int:
    """Fail `times` times, then succeed."""
    tell("begun")
    retries: int = flaky.request.retries
    if retries < times:
        raise flaky.retry(countdown=0.3, exc=ValueError(f"try {retries}"))
    tell("ended")
    return retries


@task
def broken(label: str) -> None:
    """Fail for good."""
    tell("begun")
    raise ValueError("as asked")


@shared_task
def plain(label, seconds):  # type: ignore[no-untyped-def]
    """A task of plain Celery: it is not run again after its worker died."""
    return work(seconds, label)


@task
def step(number: int, label: str, seconds: float) -> int:
    """One step of a chain: counts."""
    return work(seconds, number + 1)  # type: ignore[no-any-return]


@task
def part(label: str, number: int, seconds: float) -> int:
    """One part of a group or a chord."""
    return work(seconds, number)  # type: ignore[no-any-return]


@task
def body(numbers: list[int], label: str) -> int:
    """What follows a chord."""
    return sum(work(0, numbers))


@task
def wait(go: str) -> int:
    """Wait for the file `go`; the file `go`.pid says in which process."""
    Path(f"{go}.pid").write_text(str(os.getpid()))
    while not Path(go).exists():
        time.sleep(0.02)
    return os.getpid()


@task
def step_by_step(go: str) -> int:
    """The same, in checkpoints."""
    job, step = current_job(), 0
    while not Path(go).exists():
        time.sleep(0.02)
        job.checkpoint(step := step + 1)
    return step
