"""Plain Celery tasks, the same file for both sides."""

from typing import Any

from celery import shared_task

from tests.bench import clock, ledger


@shared_task(name="bench.noop")
def noop() -> None:
    ledger.note()


@shared_task(name="bench.states", bind=True)
def states(self: Any, count: int) -> float:
    """Nanoseconds for one `update_state`."""

    def call(done: int) -> None:
        self.update_state(state="PROGRESS", meta={"current": done, "total": count})

    return clock.per_call(call, count)
