"""What can only be measured inside a job of ours."""

import time
from pathlib import Path

from tqdm import tqdm

from jobs import current_job, task
from tests.bench import clock, ledger

ITEMS = 2_000_000
CALLS = 500_000


@task(name="bench.iterations")
def iterations() -> dict[str, float]:
    """Nanoseconds for one iteration: bare, of tqdm, of `track`; and for one `progress`."""
    job = current_job()
    with Path("/dev/null").open("w") as nowhere:
        bar = tqdm(range(ITEMS), file=nowhere, disable=False)
        by_tqdm = clock.per_item(bar, ITEMS)
    return {
        "bare": clock.per_item(range(ITEMS), ITEMS),
        "tqdm": by_tqdm,
        "track": clock.per_item(job.track(range(ITEMS)), ITEMS),
        "progress": clock.per_call(lambda done: job.progress(done, CALLS, "counting"), CALLS),
    }


@task(name="bench.sparse")
def sparse(calls: int, pause: float) -> None:
    """Sleeps, then says what time it is."""
    for done in range(1, calls + 1):
        time.sleep(pause)
        current_job().progress(done, calls, str(time.monotonic_ns()))


@task(name="bench.attend")
def attend() -> None:
    """Notes when it begins and when it is left; in between it comes to safe points."""
    ledger.note()
    try:
        while True:
            current_job().sleep(0.02)
    finally:
        ledger.note()


@task(name="bench.busy")
def busy(calls: int, pause: float) -> None:
    """Computes without a break, and says what time it is."""
    for done in range(1, calls + 1):
        until = time.monotonic() + pause
        while time.monotonic() < until:
            sum(range(1000))
        current_job().progress(done, calls, str(time.monotonic_ns()))
