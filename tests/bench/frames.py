"""From a call of `progress` in a task to the frame at a client of the socket.

Each message is the time at which it was said. The clock is CLOCK_MONOTONIC, the same in
all processes of one machine.
"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from statistics import median, quantiles

from websockets.asyncio.client import ClientConnection, connect

from tests.bench.ground import Ground
from tests.bench.side import OURS, Process, Side
from tests.bench.table import Line, Target
from tests.waiting import eventually

# What the task does between two calls, how often it calls in a round, and how long it waits.
SPARSE = ("bench.sparse", 40, 0.3)
BUSY = ("bench.busy", 25, 0.2)
PATIENCE_SECONDS = 60


def measure(ground: Ground, rounds: int) -> list[Line]:
    side = ground.side(OURS)
    found: dict[str, list[float]] = {}
    with web(side) as site, side.worker():
        cookie = side.tell("session")
        for _round in range(rounds):
            for task, calls, pause in (SPARSE, BUSY):
                delays = asyncio.run(_watch(side, site.port, cookie, task, calls, pause))
                found.setdefault(task, []).extend(delays)
    sleeping, busy = found[SPARSE[0]], found[BUSY[0]]
    return [
        _line("a sleeping task, p50", median(sleeping), 5),
        _line("a sleeping task, p99", quantiles(sleeping, n=100)[98], 25),
        _line("a busy task, p50", median(busy), 15),
        Line("progress → frame: a busy task, p99", "ms", [quantiles(busy, n=100)[98]]),
    ]


def _line(whose: str, delay: float, bound: float) -> Line:
    return Line(f"progress → frame: {whose}", "ms", [delay], target=Target(bound, unit="ms"))


@dataclass(frozen=True)
class Served:
    port: int
    process: Process


@contextmanager
def web(side: Side) -> Iterator[Served]:
    """The web of the side, as the site starts it."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with side.process([sys.executable, "manage.py", "web"], PORT=str(port)) as process:

        def listens() -> bool:
            process.check()
            with closing(socket.socket()) as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        eventually(listens, within=PATIENCE_SECONDS)
        yield Served(port, process)


async def _watch(
    side: Side, port: int, cookie: str, task: str, calls: int, pause: float
) -> list[float]:
    """Milliseconds for each frame of one job, from its call on."""
    headers = {"Cookie": cookie}
    address = f"ws://127.0.0.1:{port}/ws"
    async with connect(address, additional_headers=headers, compression=None) as line:
        job_id = side.tell("ask", task=task, calls=calls, pause=pause)
        await line.send(json.dumps({"type": "subscribe", "topic": f"job:{job_id}"}))
        async with asyncio.timeout(PATIENCE_SECONDS):
            delays = [delay async for delay in _delays(line)]
    if len(delays) < calls * 0.9:
        raise AssertionError(f"{len(delays)} frames of {calls} calls arrived")
    return delays


async def _delays(line: ClientConnection) -> AsyncIterator[float]:
    async for text in line:
        heard = time.monotonic_ns()
        frame = json.loads(text)
        if frame["type"] == "progress" and frame["message"]:
            yield (heard - int(frame["message"])) / 1e6
        if frame["type"] == "state" and frame["status"] == "completed":
            return
        if frame["type"] == "error":
            raise AssertionError(frame)
