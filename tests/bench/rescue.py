"""How soon a job obeys, how soon it runs again after its worker was killed, and what the
leases cost that make it so. Default settings, a relay beside the workers."""

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from tests.bench import ledger
from tests.bench.ground import Ground
from tests.bench.side import OURS, WORKER, Process, Side, died_if_late
from tests.bench.table import Line, Target
from tests.bench.throughput import jobs_a_second
from tests.waiting import eventually

TRIES = 10
PATIENCE_SECONDS = 120
BEAT = [sys.executable, "-m", "celery", "-A", OURS.app, "beat", "--pidfile="]
# Longer than any run: nobody renews, and nobody misses it.
NEVER_RENEWED = {"JOBS_LEASE_SECONDS": "100000", "JOBS_RENEW_SECONDS": "30000"}


def measure(ground: Ground, rounds: int, count: int) -> list[Line]:
    side = ground.side(OURS)
    with scene(side) as stage:
        again = stage.tries(stage.killed)
        cancel = stage.tries(lambda: stage.obeyed("cancel"))
        pause = stage.tries(lambda: stage.obeyed("pause"))
    renewed, never = [], []
    for _round in range(rounds):
        renewed.append(jobs_a_second(side, count, reuse=True))
        never.append(jobs_a_second(side, count, reuse=True, **NEVER_RENEWED))
    return [
        *_lines("SIGKILL of a worker → runs again", again, Target(15, unit="s")),
        *_lines("cancel → the function is left", cancel),
        *_lines("pause → the function is left", pause),
        Line("no-op jobs, leases renewed", "1/s", renewed, "never renewed", never),
    ]


def _lines(what: str, seconds: list[float], target: Target | None = None) -> list[Line]:
    return [
        Line(f"{what}, p50 of {len(seconds)}", "s", [median(seconds)]),
        Line(f"{what}, max", "s", [max(seconds)], target=target),
    ]


@contextmanager
def scene(side: Side) -> Iterator["Stage"]:
    with ExitStack() as stack:
        stage = Stage(side, stack)
        stack.enter_context(side.process(BEAT))
        for name in ("ada", "bob"):
            stage.start(name)
        yield stage


class Stage:
    """Two workers, one of which has a job."""

    def __init__(self, side: Side, stack: ExitStack) -> None:
        self.side, self._stack = side, stack
        self.book = side.folder / "moments"
        self.workers: dict[str, Process] = {}
        self._dice = random.Random(1)

    def start(self, name: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", OURS.app, *WORKER, "-n", f"{name}@%h"]
        environment = {ledger.VARIABLE: str(self.book)}
        process = self.side.process(command, **environment)
        self.workers[name] = self._stack.enter_context(process)

    def tries(self, one: Callable[[], float]) -> list[float]:
        with died_if_late(self.side):
            return [one() for _try in range(TRIES)]

    def killed(self) -> float:
        job = self._running()
        name = str(self.side.tell("worker_of", job=job)).partition("@")[0]
        known, began = ledger.length(self.book), time.monotonic_ns()
        self.workers[name].kill()
        seconds = self._next_moment(known, began)
        self.start(name)
        self.side.tell("act", what="cancel", job=job)
        self._over(job)
        return seconds

    def obeyed(self, verb: str) -> float:
        job = self._running()
        known, began = ledger.length(self.book), self.side.tell("act", what=verb, job=job)
        seconds = self._next_moment(known, began)
        self._over(job)
        return seconds

    def _running(self) -> str:
        """A job that runs, for a time that is not in step with any clock of ours, and one
        more worker that could take it."""
        eventually(lambda: self.side.tell("workers") == len(self.workers), PATIENCE_SECONDS)
        known = ledger.length(self.book)
        job = str(self.side.tell("ask", task="bench.attend"))
        self._next_moment(known, 0)
        time.sleep(self._dice.uniform(0.5, 2.0))
        return job

    def _next_moment(self, known: int, since: int) -> float:
        """Seconds until the next line of the ledger; `known` is how many it had."""
        eventually(lambda: ledger.length(self.book) > known, PATIENCE_SECONDS, 0.01)
        return (ledger.moments(self.book)[known] - since) / 1e9

    def _over(self, job: str) -> None:
        eventually(lambda: not self.side.tell("is_active", job=job), PATIENCE_SECONDS)
