"""Thousands of sockets on one web process: what each costs, and how soon all hear of one
event; and two hundred open lists of jobs while five hundred jobs a second change."""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.bench.frames import web
from tests.bench.ground import Ground
from tests.bench.list_page import ListPage
from tests.bench.side import OURS, Process, Side
from tests.bench.table import Line, Target

EACH = 20
"""Sockets of one person: the most that a web process takes."""
AT_ONCE = 50
CHANGES_PER_SECOND, STIRRED_SECONDS = 500, 20


def measure(ground: Ground, rounds: int, sockets: int) -> list[Line]:
    side = ground.side(OURS)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2
    )
    with web(side) as site:
        cookies = side.tell("cookies", count=-(-sockets // EACH))
        found = asyncio.run(_many(side, site, cookies * EACH, sockets, rounds))
    idle, watching, heard, opening = found
    return [
        Line(f"{sockets} idle sockets, opened", "s", [opening]),
        Line(f"{sockets} idle sockets, each", "KB", [idle], target=Target(60, unit="KB")),
        Line(f"{sockets} sockets that watch a job, each", "KB", [watching]),
        Line(f"one event to {sockets} sockets", "s", heard, target=Target(3, unit="s")),
    ]


async def _many(
    side: Side, site: Any, cookies: list[str], sockets: int, rounds: int
) -> tuple[float, float, list[float], float]:
    async with AsyncExitStack() as stack:
        bare = _memory(site.process)
        began = time.monotonic()
        lines = await _opened(stack, site.port, cookies[:sockets])
        opening = time.monotonic() - began
        idle = (_memory(site.process) - bare) / sockets
        job = side.tell("held")
        await asyncio.gather(*(_watch(line, job) for line in lines))
        watching = (_memory(site.process) - bare) / sockets
        heard = [await _event(side, lines, job) for _round in range(rounds)]
        return idle, watching, heard, opening


async def _opened(
    stack: AsyncExitStack, port: int, cookies: list[str]
) -> list[ClientConnection]:
    lines: list[ClientConnection] = []
    for start in range(0, len(cookies), AT_ONCE):
        some = cookies[start : start + AT_ONCE]
        opening = (stack.enter_async_context(_line(port, cookie)) for cookie in some)
        lines += await asyncio.gather(*opening)
    return lines


@asynccontextmanager
async def _line(port: int, cookie: str) -> AsyncIterator[ClientConnection]:
    address = f"ws://127.0.0.1:{port}/ws"
    options: dict[str, Any] = {"compression": None, "open_timeout": 60, "ping_interval": None}
    async with connect(address, additional_headers={"Cookie": cookie}, **options) as line:
        await _say(line, type="ping")
        await _until(line, "pong")
        try:
            yield line
        finally:
            line.transport.abort()  # its reader may have stopped: no farewell would come


async def _say(line: ClientConnection, **message: Any) -> None:
    await line.send(json.dumps(message))


async def _until(line: ClientConnection, kind: str) -> Any:
    while (message := json.loads(await line.recv()))["type"] != kind:
        pass
    return message


async def _watch(line: ClientConnection, job: str) -> None:
    await _say(line, type="subscribe", topic=f"job:{job}")
    await _until(line, "snapshot")


async def _event(side: Side, lines: list[ClientConnection], job: str) -> float:
    """Seconds until all have heard of one change."""
    hearing = [asyncio.create_task(_until(line, "state")) for line in lines]
    began = time.monotonic()
    await asyncio.to_thread(side.tell, "change", jobs=[job])
    await asyncio.gather(*hearing)
    return time.monotonic() - began


# --- Open lists of jobs --------------------------------------------------------------------


def measure_feed(ground: Ground, jobs: int, lists: int) -> list[Line]:
    if not ground.database:
        print("feeds are measured on PostgreSQL: give --database", file=sys.stderr)
        return []
    side = ground.side(OURS)
    side.tell("seed", jobs=jobs)
    with web(side) as site:
        cookies = side.tell("cookies", count=-(-lists // EACH))
        pages, used, changes = asyncio.run(_feed(side, site, (cookies * EACH)[:lists]))
    delays = [delay for page in pages for delay in page.delays(changes)]
    rate = len(changes) / STIRRED_SECONDS
    what = f"{lists} lists, {rate:.0f} changes/s"
    requests = sum(page.requests for page in pages) / STIRRED_SECONDS
    messages = max(page.most_a_second() for page in pages)
    return [
        Line(f"{what}: web", "cores", [used], target=Target(1, unit="cores")),
        Line(f"{what}: row as it is, p50", "s", [median(delays)]),
        Line(f"{what}: row as it is, worst", "s", [max(delays)], target=Target(3, unit="s")),
        Line(f"{what}: messages to one list", "/s", [messages], target=Target(4, unit="/s")),
        Line(f"{what}: requests of all", "/s", [requests]),
    ]


async def _feed(side: Side, site: Any, cookies: list[str]) -> Any:
    async with AsyncExitStack() as stack:
        lines = await _opened(stack, site.port, cookies)
        pages = [
            ListPage(line, site.port, cookie)
            for line, cookie in zip(lines, cookies, strict=True)
        ]
        for page in pages:
            await page.open()
        following = [asyncio.create_task(page.follow()) for page in pages]
        before, began = _cpu(site.process), time.monotonic()
        stir = {"seconds": STIRRED_SECONDS, "per_second": CHANGES_PER_SECOND}
        changes = await asyncio.to_thread(side.tell, "stir", **stir)
        used = (_cpu(site.process) - before) / (time.monotonic() - began)
        await asyncio.sleep(5)  # the last rows
        if broken := [task for task in following if task.done()]:
            await broken[0]  # raises what it met
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        return pages, used, changes


def _memory(process: Process) -> float:
    """KB of real memory."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return float(status.split("VmRSS:")[1].split()[0])


def _cpu(process: Process) -> float:
    """Seconds of processor that it has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
