"""Tasks that behave badly, each in its own way, and tell a ledger how far they came."""

import os
import signal
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from celery import Task, current_app, shared_task, signals
from celery.canvas import maybe_signature
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded

from jobs import current_job, task
from jobs.execution.outcome import Interruption

# A worker of a test may be told to write down which of Celery's signals it sends.
if HEARD := os.environ.get("TEST_SIGNALS"):
    SIGNALS = ("prerun", "postrun", "success", "failure", "retry", "revoked")

    def hear(name: str) -> None:
        def write(sender: Any = None, **kwargs: Any) -> None:
            told(str(HEARD), name)

        getattr(signals, f"task_{name}").connect(write, weak=False)

    for each in SIGNALS:
        hear(each)

NASTY = "nul \x00, surrogate \ud800, bell \x07, bidi \u202e, <script>alert(1)</script>"
HUGE = "x" * 10_000_000
TEXTS = {"nasty": NASTY, "huge": HUGE}
VALUES = {
    "object": object(),
    "bytes": b"x",
    "set": {1},
    "nan": float("nan"),
    "infinity": [1.0, {"deep": float("-inf")}],
    "nasty": {NASTY: [NASTY]},
    "huge": HUGE,
    "date": date(2026, 2, 28),
    "duration": timedelta(seconds=90),
    "integer": 2**80,
}


def told(ledger: str, text: str = "x") -> int:
    """Add a line to the file `ledger`; how many it has now."""
    with Path(ledger).open("a+") as book:
        book.write(f"{text}\n")
        book.seek(0)
        return len(book.readlines())


@task
def hand_back(kind: str) -> Any:
    """Return something that is not plain JSON, or hardly."""
    return VALUES[kind]


@task
def return_text(size: int) -> str:
    """Return a text of `size` characters."""
    return "x" * size


@task
def say(kind: str, how: str) -> None:
    """Say a bad text in one of the ways that a task can speak."""
    text, job = TEXTS[kind], current_job()
    ways = {
        "message": lambda: job.progress(1, 2, text),
        "step": lambda: job.step(text),
        "log": lambda: job.log(text),
        "level": lambda: job.log("level", text),
        "print": lambda: print(text.encode(errors="replace").decode(), flush=True),
        "error": lambda: job.error(text, text),
        "checkpoint": lambda: job.checkpoint({text: text}),
        "attach": lambda: job.attach(b"content", text, text),
        "number": lambda: job.progress(float("nan"), float("inf"), "odd"),
        "status": lambda: current_app.current_worker_task.update_state(
            state="PROGRESS", meta={"current": 1, "total": 2, "status": text}
        ),
    }
    ways[how]()


@task
def scream(kind: str) -> None:
    """Raise an error with a bad text."""
    raise ValueError(TEXTS[kind])


@task
def die(ledger: str, times: int = 1) -> int:
    """Kill the own process `times` times, then return."""
    if (tries := told(ledger)) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return tries


@shared_task
def die_plainly(ledger):  # type: ignore[no-untyped-def]
    told(ledger)
    os.kill(os.getpid(), signal.SIGKILL)


@task
def stand_still(ledger: str, go: str) -> int:
    """Wait for the file `go`, deaf to pause and cancel."""
    tries = told(ledger)
    while not Path(go).exists():
        time.sleep(0.05)
    return tries


@shared_task
def stand_still_plainly(ledger, go):  # type: ignore[no-untyped-def]
    return stand_still.run(ledger, go)


@task
def hold_the_gil(seconds: float) -> int:
    """Make one C call so long, during which no other thread of the process runs."""
    count, lasted = 10_000_000, 0.0
    while lasted < seconds:
        begin = time.perf_counter()
        sum(range(count))
        lasted = time.perf_counter() - begin
        count = int(count * max(1.2, 1.2 * seconds / lasted))
    return count


@task(time_limit=1)
def overrun(ledger: str) -> None:
    """Run into the hard time limit."""
    told(ledger)
    time.sleep(600)


@task(soft_time_limit=1, time_limit=20)
def overrun_softly(catch: bool) -> str:
    """Run into the soft time limit."""
    try:
        time.sleep(600)
    except SoftTimeLimitExceeded:
        if not catch:
            raise
    return "caught"


@task
def haunt(ledger: str, go: str) -> str:
    """Once the file `go` is there, try every way to leave something behind."""
    told(ledger, "begun")
    while not Path(go).exists():
        time.sleep(0.05)
    job = current_job()
    for name, attempt in {
        "progress": lambda: job.progress(1, 1, "a ghost"),
        "log": lambda: job.log("a ghost"),
        "error": lambda: job.error("a ghost", "was here"),
        "checkpoint": lambda: job.checkpoint("a ghost"),
        "attach": lambda: job.attach(b"a ghost", "ghost.txt"),
    }.items():
        try:
            attempt()
            told(ledger, f"{name} done")
        except Interruption as interruption:
            told(ledger, f"{name} {type(interruption).__name__}")
    return "a ghost"


@shared_task(bind=True)
def tell_failure(self, then):  # type: ignore[no-untyped-def]
    """Seed 002: say FAILURE first, then raise, ignore, or return."""
    meta = {"exc_type": "KeyError", "exc_message": "told", "status": "told"}
    self.update_state(state="FAILURE", meta=meta)
    if then == "raise":
        raise KeyError("raised")
    if then == "ignore":
        raise Ignore
    return "fine"


@shared_task(bind=True)
def tell_states(self, ledger, go):  # type: ignore[no-untyped-def]
    """Say final states in the middle, and go on."""
    for state in ("SUCCESS", "FAILURE", "REVOKED", "STARTED", "MINE"):
        self.update_state(state=state, meta={"current": 3, "total": 4, "status": state})
    told(ledger)
    while not Path(go).exists():
        time.sleep(0.05)
    return "done"


@shared_task(bind=True)
def leave_by(self, how, ledger):  # type: ignore[no-untyped-def]
    """Leave by one of Celery's own exceptions; the second time just return."""
    if told(ledger) > 1:
        return "again"
    raise {"ignore": Ignore(), "reject": Reject("no"), "requeue": Reject("no", True)}[how]


@shared_task(bind=True, max_retries=1)
def retry_with(self, ledger, options, value=0):  # type: ignore[no-untyped-def]
    """Retry once with options of the caller."""
    if told(ledger) == 1:
        raise self.retry(**options)
    return [value, self.request.retries]


class Doubler(Task):
    """A class-based task, registered by hand as Celery's documentation shows."""

    name = "tests.hostile_tasks.Doubler"

    def run(self, value):  # type: ignore[no-untyped-def]
        return [2 * value, self.request.id]


double = current_app.register_task(Doubler())


@shared_task
def hand_on(value):  # type: ignore[no-untyped-def]
    return value


@shared_task(bind=True)
def replace_with(self, signature):  # type: ignore[no-untyped-def]
    """Be replaced by whatever the caller wants."""
    raise self.replace(maybe_signature(signature, app=self.app))


@shared_task
def tell_error(request, exc, traceback, ledger=None):  # type: ignore[no-untyped-def]
    """An errback of the new style: called in the worker, no job."""
    told(ledger, f"{request.id} {type(exc).__name__} {exc}")


@shared_task
def tell_error_later(task_id, ledger):  # type: ignore[no-untyped-def]
    """An errback of the old style: it takes the id, and is a job."""
    told(ledger, task_id)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def die_late(ledger):  # type: ignore[no-untyped-def]
    """A task that Celery itself would deliver again."""
    if (tries := told(ledger)) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return tries


@shared_task(retry_on_worker_lost=True)
def die_and_retry(ledger):  # type: ignore[no-untyped-def]
    """A task that Celery itself would retry."""
    if (tries := told(ledger)) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return tries
