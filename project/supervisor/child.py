"""One process of the site: started, heard, started again when it dies, ended."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from project.supervisor import undertaker
from project.supervisor.console import Console
from project.supervisor.mourner import Mourner

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
LONG_LIFE_SECONDS = 10.0
LONGEST_LINE = 65_536


@dataclass
class Child:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    console: Console
    mourner: Mourner
    feed: bytes = b""
    """What it is given on stdin."""
    farewell: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 6.0),)
    """Signals that ask it to end, each with the seconds it is given; then SIGKILL."""
    quiet: bool = False
    """Whether its lines are shown only when it dies unasked."""
    may_flush: bool = False
    """Whether it is asked before it is killed even when the supervisor has died."""

    process: asyncio.subprocess.Process | None = None
    wanted: bool = True
    delay: float = FIRST_DELAY_SECONDS
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    life: asyncio.Task[None] | None = None
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    def start(self) -> asyncio.Task[None]:
        self.life = asyncio.create_task(self._keep_running())
        return self.life

    async def restart(self) -> None:
        """End it in good order, then start it again at once."""
        self.delay = FIRST_DELAY_SECONDS
        self.nudge.set()
        await self._end()

    async def stop(self) -> None:
        """End it for good, and all that it started."""
        self.wanted = False
        self.nudge.set()
        await self._end()
        if self.life:
            await self.life

    def kill(self) -> None:
        """End it now."""
        self.wanted = False
        self.nudge.set()
        if self.process:
            undertaker.send(self.process.pid, signal.SIGKILL)

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def _keep_running(self) -> None:
        """Until `stop`; a death is followed by a new start, ever later."""
        while self.wanted:
            born = time.monotonic()
            self.nudge.clear()
            code = await self._live()
            if self.wanted and not self.nudge.is_set():
                await self._rest(code, time.monotonic() - born)

    async def _live(self) -> int:
        self.process = process = await asyncio.create_subprocess_exec(
            *self.command,
            env={**self.environment, undertaker.MARK: self._mark},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            start_new_session=True,
            preexec_fn=_die_with_parent(signal.SIGTERM if self.may_flush else signal.SIGKILL),
        )
        self.mourner.watch(process.pid, may_flush=self.may_flush)
        assert process.stdin and process.stdout
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(self.feed)
            process.stdin.close()
        listening = asyncio.create_task(self._listen(process.stdout))
        code = await process.wait()
        # What it started must not outlive it: pool children, programs of tasks.
        undertaker.send(process.pid, signal.SIGKILL)
        undertaker.end_marked(self._mark)
        self.mourner.forget(process.pid)
        with contextlib.suppress(TimeoutError):  # somebody may hold its output open
            await asyncio.wait_for(listening, 1)
        return code

    @property
    def _mark(self) -> str:
        return f"{self.mourner.run}:{self.name}"

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        while chunk := await stream.read(LONGEST_LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            self._show([line.decode(errors="replace") for line in lines])
        if rest:
            self._show([rest.decode(errors="replace")])

    def _show(self, lines: list[str]) -> None:
        self.last_lines.extend(lines)
        if not self.quiet:
            self.console.lines(self.name, lines)

    async def _rest(self, code: int, lived: float) -> None:
        if lived > LONG_LIFE_SECONDS:
            self.delay = FIRST_DELAY_SECONDS
        if self.quiet:
            self.console.lines(self.name, self.last_lines)
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self.console.say(f"{self.name} ended ({how}); it starts again in {self.delay:g} s")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.nudge.wait(), self.delay)
        self.delay = min(self.delay * 2, LONGEST_DELAY_SECONDS)

    async def _end(self) -> None:
        for number, seconds in self.farewell:
            if not self.process or self.process.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), seconds)
        if self.is_alive and self.process:
            self.console.say(f"{self.name} did not end when asked: killed")
            undertaker.send(self.process.pid, signal.SIGKILL)


def _die_with_parent(number: int) -> Callable[[], None] | None:
    """On Linux: what makes a child get a signal when the supervisor dies (prctl(2))."""
    if not sys.platform.startswith("linux"):
        return None
    libc, parent, set_death_signal = ctypes.CDLL(None), os.getpid(), 1

    def ask() -> None:
        libc.prctl(set_death_signal, number)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask
