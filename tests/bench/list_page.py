"""An open list of jobs, asking and listening as its scripts do (jobs.js, feed.js, news.js)."""

import asyncio
import json
import random
import re
import time
from collections import Counter
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection

ROWS_PAUSE = (2.0, 2.0)
NEWS_PAUSE, NEWS_EVERY = (5.0, 30.0), 10.0
SHARE = 20
_ROW = re.compile(r'data-job="([^"]+)" data-state="([^"]+)" data-seq="(\d+)"')
_DRAWN = re.compile(r'data-drawn="([^"]*)"')


class ListPage:
    def __init__(self, line: ClientConnection, port: int, cookie: str) -> None:
        self.requests = 0
        self._line = line
        self._free: list[Any] = []
        self._port = port
        self._cookie = cookie
        self._seqs: dict[str, int] = {}
        self._states: dict[str, str] = {}
        self._shown: list[tuple[str, int, float]] = []
        self._heard: list[float] = []
        self._changed: set[str] = set()
        self._rows, self._news = asyncio.Event(), asyncio.Event()

    async def open(self) -> None:
        body = await self._get({})
        self._take(body)
        self._drawn = _DRAWN.search(body).group(1)  # type: ignore[union-attr]
        subscribe = {"type": "subscribe", "topic": "jobs", "only": list(self._seqs)}
        await self._line.send(json.dumps(subscribe))
        self.requests = 0

    async def follow(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew_rows())
            group.create_task(self._renew_news())
            group.create_task(self._renew_anyway())
            async for text in self._line:
                self._hear(json.loads(text))

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] != "jobs":
            return
        self._heard.append(time.monotonic())
        for job in message["jobs"]:
            if job["seq"] > self._seqs.get(job["id"], 0):
                self._changed.add(job["id"])
                self._rows.set()
        if message["many"]:
            self._news.set()

    async def _renew_rows(self) -> None:
        while await self._rows.wait():
            self._rows.clear()
            changed, self._changed = self._changed, set()
            began = time.monotonic()
            self._take(await self._get({"part": "rows", "job": list(changed)}))
            await _pause(*ROWS_PAUSE, time.monotonic() - began)

    async def _renew_news(self) -> None:
        while await self._news.wait():
            self._news.clear()
            began = time.monotonic()
            await self._get({"part": "fresh", "drawn": self._drawn})
            await _pause(*NEWS_PAUSE, time.monotonic() - began)

    async def _renew_anyway(self) -> None:
        while True:
            await asyncio.sleep(NEWS_EVERY)
            self._news.set()

    def _take(self, body: str) -> None:
        now = time.monotonic()
        for job, state, seq in _ROW.findall(body):
            if self._states.setdefault(job, state) != state:
                self._news.set()
            self._states[job], self._seqs[job] = state, int(seq)
            self._shown.append((job, int(seq), now))

    async def _get(self, query: dict[str, Any]) -> str:
        """Over a line that stays open for some seconds, as a browser's."""
        self.requests += 1
        address = f"/jobs/?{urlencode(query, doseq=True)}"
        while True:
            reader, writer = self._free.pop() if self._free else await self._connected()
            head = f"Host: 127.0.0.1:{self._port}\r\nCookie: {self._cookie}\r\n"
            writer.write(f"GET {address} HTTP/1.1\r\n{head}\r\n".encode())
            try:
                told = (await reader.readuntil(b"\r\n\r\n")).decode()
                break
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()  # it was idle for too long
        if not told.startswith("HTTP/1.1 200"):
            raise AssertionError(told)
        length = re.search(r"content-length: (\d+)", told, re.IGNORECASE)
        body = await reader.readexactly(int(length[1]))  # type: ignore[index]
        self._free.append((reader, writer))
        return body.decode()

    async def _connected(self) -> Any:
        return await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)

    def delays(self, changes: list[tuple[str, int, float]]) -> list[float]:
        """Of each change of a row shown, how long the page showed the row as it was."""
        mine = [change for change in changes if change[0] in self._seqs]
        return [self._first(job, seq, at) - at for job, seq, at in mine]

    def _first(self, job: str, seq: int, at: float) -> float:
        shown = [when for name, has, when in self._shown if name == job and has >= seq]
        return max(at, min(shown, default=float("inf")))

    def most_a_second(self) -> float:
        """Messages in its busiest five seconds, for each of them."""
        counted = Counter(int(at / 5) for at in self._heard)
        return max(counted.values(), default=0) / 5


async def _pause(least: float, longest: float, took: float) -> None:
    """As `oneAtATime` in parts.js."""
    pause = min(max(least, took * SHARE), longest)
    await asyncio.sleep(pause * random.uniform(0.8, 1.0))
