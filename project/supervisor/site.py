"""The site's processes together: in which order they start, how they end."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import redis

from project.places import embedded_note
from project.supervisor import embedded
from project.supervisor.child import Child
from project.supervisor.console import Console
from project.supervisor.mourner import Mourner
from project.supervisor.watch import Watch

SERVER_START_SECONDS = 30.0
SERVER_FAREWELL = ((signal.SIGTERM, 2.0),)
# Warm: running jobs may finish. Then cold: what still runs is given back.
WORKER_FAREWELL = ((signal.SIGTERM, 4.0), (signal.SIGQUIT, 2.0))


class Site:
    def __init__(self, *, data: Path, base: Path, address: str, port: int, lock: int) -> None:
        self.data, self.base = data, base
        self.address, self.port = address, port
        self.console = Console()
        self.mourner = Mourner(lock)
        self.environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PORT": str(port)}
        self.children: list[Child] = []
        self.server: Child | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.ending = asyncio.Event()

    async def run(
        self, *, with_server: bool, watched: list[Path], ready: Callable[[], None]
    ) -> None:
        """Everything, until a signal; `ready` is called once the web answers."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.end)
        try:
            if with_server:
                await self._start_server()
            for name, command in self._commands().items():
                self.children.append(self._child(name, command))
            self.children[1].farewell = WORKER_FAREWELL
            for child in self.children:
                self._mind(child.start())
            self._mind(asyncio.create_task(self._tell_when_ready(ready)))
            if watched:
                self._mind(asyncio.create_task(self._follow(Watch(watched))))
            await self.ending.wait()
        finally:
            await self._stop()

    def end(self) -> None:
        """Asked once: end in order. Asked again: at once."""
        if self.ending.is_set():
            for child in [*self.children, *([self.server] if self.server else [])]:
                child.kill()
        self.ending.set()

    def _commands(self) -> dict[str, list[str]]:
        celery = [sys.executable, "-m", "celery", "-A", "project"]
        return {
            "web": [sys.executable, "manage.py", "web"],
            "worker": [*celery, "worker", "-l", "INFO", "--without-gossip", "--without-mingle"],
            "beat": [*celery, "beat", "-l", "INFO", "--pidfile="],
        }  # fmt: skip

    def _child(self, name: str, command: list[str], feed: bytes = b"") -> Child:
        return Child(name, command, self.environment, self.console, self.mourner, feed)

    def _mind(self, task: asyncio.Task[None]) -> None:
        """A task that fails takes all down: a half-watched site is worse than none."""
        self.tasks.add(task)
        task.add_done_callback(self._check)

    def _check(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self.console.say(f"The supervisor failed: {error!r}")
            self.ending.set()

    async def _start_server(self) -> None:
        """The embedded server at the first place where it answers."""
        program = embedded.program()
        folder = embedded.data_folder(program, self.data)
        for place in embedded.places(self.data):
            if place.folder:
                self.mourner.remove(place.folder)
            feed = embedded.configuration(place, folder)
            server = self._child("redis", [str(program), "-"], feed)
            server.may_flush = server.quiet = True
            server.farewell = SERVER_FAREWELL
            self._mind(server.start())
            if await self._answers(server, place.url):
                self.server = server
                self._note(place.url)
                return
            await server.stop()
        raise embedded.NoServer(f"{program} does not start; its last lines above say why.")

    async def _answers(self, server: Child, url: str) -> bool:
        """Whether the server speaks before it dies, or before patience ends."""
        client = redis.asyncio.Redis.from_url(url)
        deadline = asyncio.get_running_loop().time() + SERVER_START_SECONDS
        born = False
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
                await client.ping()
                await client.aclose()
                return True
            if born and not server.is_alive:
                return False
            born = born or server.is_alive
            await asyncio.sleep(0.05)
        return False

    def _note(self, url: str) -> None:
        """Let `manage.py shell` in another terminal find the server."""
        self.environment["REDIS_URL"] = url
        note = embedded_note(self.data)
        note.unlink(missing_ok=True)
        note.touch(mode=0o600)
        note.write_text(json.dumps({"url": url}))

    async def _tell_when_ready(self, ready: Callable[[], None]) -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(self.address, self.port)
                writer.close()
                return ready()
            await asyncio.sleep(0.1)

    async def _follow(self, watch: Watch) -> None:
        while True:
            await asyncio.sleep(1)
            saved = await asyncio.to_thread(watch.saved)
            if saved:
                names = ", ".join(str(path.relative_to(self.base)) for path in saved[:3])
                self.console.say(f"{names} changed: starting again")
                await asyncio.gather(*(child.restart() for child in self.children))

    async def _stop(self) -> None:
        """First those that use the server, then the server, then what is left of them."""
        await asyncio.gather(*(child.stop() for child in self.children))
        if self.server:
            await self.server.stop()
            embedded_note(self.data).unlink(missing_ok=True)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await asyncio.to_thread(self.mourner.close)
