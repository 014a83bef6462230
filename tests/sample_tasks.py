"""The tests' own tasks: few and general, their behaviour is data."""

import time
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import Task, shared_task

from jobs import Secret, current_job, enqueue, task


@task
def add(x: int, y: int = 0) -> int:
    """Add two numbers."""
    return x + y


@task(due_param="period")
def report_of(period: datetime, day: date | None = None) -> list[str]:
    """Say for which moment it runs, as it was given and as the job knows it."""
    return [period.isoformat(), str(current_job().due_at)]


@task(due_param="day")
def report_of_day(day: date) -> str:
    return day.isoformat()


@task
def give_back(value: Any = None) -> Any:
    """Return what was given."""
    return value


@task
def fail(message: str = "as asked") -> None:
    """Raise an error."""
    raise ValueError(message)


@task(max_retries=5, default_retry_delay=0)
def succeed_after(times: int, ledger: str) -> int:
    """Fail `times` times, then succeed; each try leaves a line in the file `ledger`."""
    tries = _leave_line(ledger)
    if tries <= times:
        raise succeed_after.retry(countdown=0, exc=ValueError(f"try {tries}"))
    return tries


@task(
    autoretry_for=(ConnectionError,), retry_backoff=False, max_retries=2, default_retry_delay=0
)
def unreachable(ledger: str) -> None:
    """Never get through; Celery's autoretry tries twice more."""
    _leave_line(ledger)
    raise ConnectionError("nobody answers")


@task
def leave_line(ledger: str, wait: str = "") -> int:
    """Leave a line in a file, then wait until the file `wait` exists."""
    number = _leave_line(ledger)
    while wait and not Path(wait).exists():
        current_job().sleep(0.05)
    return number


@task
def report(total: int, wait: str = "") -> int:
    """Report progress and log lines, then wait until the file `wait` exists."""
    job = current_job()
    for number in job.track(range(total), step="count"):
        print(f"line {number}")
    while wait and not Path(wait).exists():
        job.sleep(0.05)
    return total


@task
def count_errors(items: int) -> None:
    """Count an error for each item."""
    for item in range(items):
        current_job().error(f"item {item}", "is broken")


@task
def ask(times: int) -> list[str]:
    """Ask for jobs, half by their name and half from code; their ids."""
    asked = [
        enqueue("tests.sample_tasks.add", {"x": 1}) if number % 2 else add.delay(1)
        for number in range(times)
    ]
    return [job.id for job in asked]


@task
async def add_async(x: int, y: int) -> int:
    """Add two numbers in a coroutine."""
    return x + y + 0 * len(current_job().id)


@shared_task
def plain_add(x, y):  # type: ignore[no-untyped-def]
    """A task that knows nothing of us."""
    return x + y


@shared_task(ignore_result=True)
def ignored(value):  # type: ignore[no-untyped-def]
    return value


@shared_task(bind=True)
def meta_progress(self, steps):  # type: ignore[no-untyped-def]
    for step in range(steps):
        self.update_state(
            state="PROGRESS", meta={"current": step + 1, "total": steps, "status": f"at {step}"}
        )
    return steps


@shared_task(bind=True)
def replace_with_add(self, x, y):  # type: ignore[no-untyped-def]
    raise self.replace(plain_add.s(x, y))


@shared_task(bind=True)
def replace_with_chain(self, x, y):  # type: ignore[no-untyped-def]
    raise self.replace(plain_add.s(x, y) | plain_add.s(1))


@shared_task
def typed(when, ident, amount):  # type: ignore[no-untyped-def]
    assert (
        isinstance(when, datetime) and isinstance(ident, UUID) and isinstance(amount, Decimal)
    )
    return [type(value).__name__ for value in (when, ident, amount)]


class Own(Task):
    """A site's own base class."""

    greeting = "own"


@shared_task(base=Own, bind=True)
def with_own_base(self):  # type: ignore[no-untyped-def]
    return self.greeting


@shared_task
def xsum(numbers):  # type: ignore[no-untyped-def]
    return sum(numbers)


@shared_task
def note_error(request, exc, traceback, ledger=None):  # type: ignore[no-untyped-def]
    """A new-style errback, called in the worker."""


@shared_task
def busy(seconds):  # type: ignore[no-untyped-def]
    """Hold the processor."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return seconds


@shared_task(rate_limit="1/m")
def rated():  # type: ignore[no-untyped-def]
    """Celery's own limit, which each worker keeps for itself."""


@task(secrets=["password"])
def log_in(user: str, password: str, token: Secret) -> list[str]:
    """Say as whom; the secrets come back reversed, so that a test can tell them."""
    return [user, password[::-1], token.reveal()[::-1]]


def _leave_line(ledger: str) -> int:
    with Path(ledger).open("a+") as book:
        book.write("x\n")
        book.seek(0)
        return len(book.readlines())
