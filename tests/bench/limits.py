"""Limits: whether they hold while workers are killed, how busy their places are, and what they
cost: each job, and the next one of very many."""

import random
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from statistics import median

from tests.bench.ground import Ground
from tests.bench.side import OURS, WORKER, Process, Side, children_of, died_if_late
from tests.bench.table import Line, Target
from tests.bench.throughput import jobs_a_second
from tests.waiting import eventually

PLACES, SECONDS = 3, 0.1
PER_SECOND = 50
NAMES = ("ada", "bob", "cyd", "dan")
KEYS = 2_000
NEXT_TRIES = 100
# A sign, a process, a moment: what `ours.limits` writes.
NOTE = struct.Struct("=bqq")
BEGINS, ENDS = 1, -1
BEAT = [sys.executable, "-m", "celery", "-A", OURS.app, "beat", "--pidfile="]


def measure(ground: Ground, asked: "Asked") -> list[Line]:
    side = ground.side(OURS)
    lines = [*_next_of_many(side, asked.waiting)]
    with crew(side) as workers:
        lines += _accuracy(workers, asked)
        lines += _rate(workers, asked.rated)
    return [*lines, *_overhead(side, asked.rounds, asked.jobs)]


@dataclass(frozen=True)
class Asked:
    """How much of each: jobs of a limit, seconds between kills and of a rate, jobs waiting."""

    limited: int
    kill_every: float
    rated: int
    waiting: int
    rounds: int
    jobs: int


@dataclass
class Crew:
    """Four workers with two processes each, some of which are killed."""

    side: Side
    book: Path
    _stack: ExitStack
    _workers: dict[str, Process] = field(default_factory=dict)
    # Process and moment of each death.
    deaths: dict[int, int] = field(default_factory=dict)

    def start(self, name: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", OURS.app, *WORKER, "-n", f"{name}@%h"]
        process = self.side.process(command, BENCH_NOTES=str(self.book))
        self._workers[name] = self._stack.enter_context(process)

    def kill(self, name: str) -> None:
        worker = self._workers[name]
        processes = children_of(worker.pid)
        worker.kill()
        self.deaths |= dict.fromkeys(processes, time.monotonic_ns())
        self.start(name)

    def run(self, task: str, count: int, kill_every: float = 0.0) -> list[tuple[int, int, int]]:
        """What they noted while they did `count` jobs."""
        self.book.write_bytes(b"")
        self.side.tell("empty")
        self.side.tell("ask_each", task=task, count=count)
        dice, next_kill = random.Random(1), time.monotonic() + (kill_every or 1e9)
        patience = 120 + 5 * count * SECONDS

        def is_done() -> bool:
            nonlocal next_kill
            if time.monotonic() > next_kill:
                self.kill(dice.choice(NAMES))
                next_kill = time.monotonic() + kill_every
            return bool(self.side.tell("finished") >= count)

        with died_if_late(self.side):
            eventually(is_done, within=patience, every=0.5)
        return sorted(NOTE.iter_unpack(self.book.read_bytes()), key=lambda note: note[2])


@contextmanager
def crew(side: Side) -> Iterator[Crew]:
    with ExitStack() as stack:
        workers = Crew(side, side.folder / "notes", stack)
        workers.book.touch()
        stack.enter_context(side.process(BEAT))
        for name in NAMES:
            workers.start(name)
        eventually(lambda: side.tell("workers") == len(NAMES), 120)
        yield workers


def _accuracy(workers: Crew, asked: Asked) -> Iterator[Line]:
    count = asked.limited
    spans = _spans(workers.run("bench.limited", count, asked.kill_every), workers.deaths)
    steps = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    most = float(max(accumulate(step for _at, step in steps)))
    whole = max(ended for _, ended in spans) - min(began for began, _ in spans)
    # A job that was run twice counts once: the time until a kill is lost.
    busy = 100 * count * SECONDS * 1e9 / (PLACES * whole)
    what = f"{count:,} jobs, max_running={PLACES}, 8 processes, {_kills(workers)} killed"
    yield Line(f"{what}: at once", "", [most], target=Target(PLACES, unit="jobs"))
    yield Line(f"{what}: places busy", "%", [busy], target=Target(80, True, "%"))


def _kills(workers: Crew) -> int:
    return len({*workers.deaths.values()})


def _spans(notes: list[tuple[int, int, int]], deaths: dict[int, int]) -> list[tuple[int, int]]:
    """From when to when each ran, to the death of its process where it did not end."""
    found, open_spans = [], {}
    for sign, process, moment in notes:
        if sign == BEGINS:
            open_spans[process] = moment
        else:
            found.append((open_spans.pop(process), moment))
    return found + [(began, deaths[process]) for process, began in open_spans.items()]


def _rate(workers: Crew, seconds: int) -> Iterator[Line]:
    count = PER_SECOND * seconds
    starts = [moment for _sign, _process, moment in workers.run("bench.rated", count)]
    measured = (count - 1) / (starts[-1] - starts[0]) * 1e9
    off = 100 * abs(measured / PER_SECOND - 1)
    yield Line(f"rate {PER_SECOND}/s for {seconds} s", "1/s", [measured])
    yield Line(
        f"rate {PER_SECOND}/s for {seconds} s: off by", "%", [off], target=Target(2, unit="%")
    )


def _overhead(side: Side, rounds: int, count: int) -> Iterator[Line]:
    free, limited = [], []
    for _round in range(rounds):
        free.append(jobs_a_second(side, count, reuse=True))
        limited.append(jobs_a_second(side, count, reuse=True, task="bench.noop_limited"))
    yield Line(
        "no-op jobs, limited: seconds for each",
        "ms",
        [1000 / rate for rate in limited],
        "not limited",
        [1000 / rate for rate in free],
        Target(1.5),
    )


def _next_of_many(side: Side, waiting: int) -> Iterator[Line]:
    for keys in (1, KEYS):
        found = side.tell("next_of_many", waiting=waiting, keys=keys, tries=NEXT_TRIES)
        what = f"{waiting:,} jobs wait, {keys:,} key{'s' * (keys > 1)}: the next is let in"
        for name in ("wall", "cpu"):
            yield Line(
                f"{what}, {name} p50", "ms", [median(found[name])], target=Target(10, unit="ms")
            )
    side.tell("empty")
