"""One run of the chaos, from the first process to the verdict."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import connections
from django.db.models import Sum

from jobs.models import Job
from tests.waiting import eventually

from . import report
from .judge import Account, verdict
from .monkey import Fault, Monkey
from .moves import all_moves
from .server import Private, Queue
from .stage import Stage

# With nothing moving for so long, whatever is left is stuck.
STILL_SECONDS = 60.0
TICK_SECONDS = 0.1


@dataclass
class Outcome:
    account: Account
    faults: list[Fault]
    broken: dict[str, list[str]]
    seconds: float

    @property
    def is_fine(self) -> bool:
        return not any(self.broken.values())

    def text(self) -> str:
        return "\n".join(report.lines(self.account, self.faults, self.seconds, self.broken))


def run(
    stage: Stage, server: Private | None, queue: Queue, *, seconds: float, seed: int
) -> Outcome:
    """Hurt the site for so many seconds, then let it finish, then judge."""
    began = time.monotonic()
    try:
        stage.start()
        stage.start_client()
        monkey = Monkey(stage, server, queue, seed)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            monkey.round()
            time.sleep(TICK_SECONDS)
        monkey.heal_all()
        stage["client"].stop()
        _let_finish()
    finally:
        stage.stop()
    account = Account(stage.labels(), all_moves(), stage.attempts())
    broken = verdict(account) | {"processes that ended by themselves": monkey.ended}
    return Outcome(account, monkey.faults, broken, time.monotonic() - began)


def _let_finish() -> None:
    """Until no job is left, or none has moved for a long time."""
    before, since = -1, time.monotonic()
    while time.monotonic() - since < STILL_SECONDS:
        left = _patient(lambda: Job.objects.live().count())
        now = _patient(lambda: Job.objects.aggregate(n=Sum("version"))["n"] or 0)
        if not left:
            return
        if now != before:
            before, since = now, time.monotonic()
        time.sleep(TICK_SECONDS)


def _patient(ask: Callable[[], int]) -> int:
    def asked() -> tuple[int]:
        with suppress(DatabaseError):
            return (ask(),)
        connections.close_all()
        raise AssertionError("the database does not answer")

    return eventually(asked, within=30)[0]
