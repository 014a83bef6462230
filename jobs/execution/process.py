"""A program that runs under its warden and is heard while it runs."""

import codecs
import os
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO, TypedDict, cast

from jobs.conf import configuration
from jobs.sanitize import text as harmless

from .log import Log, Pieces, last_state

WARDEN = Path(__file__).with_name("warden.py")
TAIL = 100
"""How many of its last lines a process remembers."""

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 7.0
"""How long a warden may take to end what does not want to end, beyond the grace."""

AT_ONCE = 65_536


class Surroundings(TypedDict, total=False):
    """What a program finds when it starts."""

    cwd: str | os.PathLike[str] | None
    env: Mapping[str, str] | None  # all of its environment, as in subprocess
    input: str | bytes | None  # what it reads from stdin; nothing by default
    grace_seconds: float  # between asking it to end and killing it; 5 by default


class Process:
    """`start` it, `hear` it until it is no more `is_running`, `close` it in any case."""

    def __init__(self, words: list[str], log: Log, given: Surroundings) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.is_running = False
        self._words, self._log, self._given = words, log, given
        self._grace = given.get("grace_seconds", 5.0)
        self._report = b""
        self._hearings: list[_Hearing] = []
        self._selector = selectors.DefaultSelector()
        receiver, self._sender = os.pipe()
        self._reports = os.fdopen(receiver, "rb", buffering=0)

    def start(self) -> None:
        """Start it; raises OSError if its directory is missing."""
        self._warden = subprocess.Popen(
            self._call(),
            stdin=subprocess.DEVNULL if self._given.get("input") is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._given.get("cwd"),
            env=self._given.get("env"),
            pass_fds=[self._sender],
            start_new_session=True,
            bufsize=0,
        )
        self.is_running = True
        os.close(self._sender)
        self._sender = -1
        self._connect(self._given.get("input"))

    def _call(self) -> list[str]:
        warden = [sys.executable, "-I", "-S", str(WARDEN)]
        return [*warden, str(os.getpid()), str(self._sender), str(self._grace), *self._words]

    def _connect(self, given: str | bytes | None) -> None:
        self._on_ready(self._reports, selectors.EVENT_READ, self._read_report)
        for pipe, level in ((self._warden.stdout, "info"), (self._warden.stderr, "warning")):
            assert pipe is not None
            hearing = _Hearing(pipe, level, self._log, self.tail)
            self._hearings.append(hearing)
            self._on_ready(pipe, selectors.EVENT_READ, hearing.read)
        if self._warden.stdin is not None and given is not None:
            feeding = _Feeding(self._warden.stdin, given)
            self._on_ready(self._warden.stdin, selectors.EVENT_WRITE, feeding.write)

    def _on_ready(self, pipe: IO[bytes], event: int, do: Callable[[], bool]) -> None:
        os.set_blocking(pipe.fileno(), False)
        self._selector.register(pipe, event, do)

    def hear(self) -> None:
        """Log what it wrote; wait a moment if it wrote nothing."""
        for key, _ in self._selector.select(POLL_SECONDS):
            try:
                more = key.data()
            except BlockingIOError:  # woken for nothing
                continue
            if not more:
                self._close(key)

    def _close(self, key: selectors.SelectorKey) -> None:
        self._selector.unregister(key.fileobj)
        cast(IO[bytes], key.fileobj).close()

    def _read_report(self) -> bool:
        said = os.read(self._reports.fileno(), 100)
        self._report += said
        self.is_running = bool(said)  # the warden ends last of all
        return self.is_running

    def end(self) -> None:
        """End it and all that it started, gently for its grace, then by force."""
        try:
            self._ask(signal.SIGTERM, self._grace + PATIENCE_SECONDS)
        except BaseException:
            self._ask(signal.SIGUSR1, PATIENCE_SECONDS)
            raise

    def _ask(self, number: signal.Signals, seconds: float) -> None:
        if not self.is_running:
            return
        give_up_at = monotonic() + seconds
        self._warden.send_signal(number)
        while self.is_running:
            self.hear()
            if monotonic() > give_up_at:
                self._warden.kill()

    def close(self) -> None:
        """Log the rest of what it wrote and let go of it."""
        for hearing in self._hearings:
            hearing.finish()
        for key in list(self._selector.get_map().values()):
            self._close(key)
        self._selector.close()
        self._reports.close()
        if self._sender >= 0:
            os.close(self._sender)

    def returncode(self) -> int:
        """How it ended; negative, by which signal. OSError if it could not be started."""
        code = self._warden.wait()
        if self._report.startswith(b"E"):
            number = int(self._report[1:].partition(b"R")[0])
            raise OSError(number, os.strerror(number), self._log.mask(self._words[0]))
        if self._report.startswith(b"R"):
            return int(self._report[1:])
        return code if code < 0 else -signal.SIGKILL


class _Hearing:
    """One stream of the process on its way to the log."""

    def __init__(self, pipe: IO[bytes], level: str, log: Log, tail: deque[str]) -> None:
        self._pipe, self._level, self._log, self._tail = pipe, level, log, tail
        self._line_chars = configuration().log_line_max_chars
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pieces = Pieces(self._line_chars)

    def read(self) -> bool:
        """Log what is there to read; False at the end of the stream."""
        data = os.read(self._pipe.fileno(), AT_ONCE)
        complete = self._pieces.join(self._decoder.decode(data, final=not data))
        if complete is not None:
            self._add(complete)
        return bool(data)

    def finish(self) -> None:
        """Log the rest, a line without end included."""
        with suppress(BlockingIOError):  # a stray process still holds the other end
            while not self._pipe.closed and self.read():
                pass
        if rest := self._pieces.rest():
            self._add(rest)

    def _add(self, lines: str) -> None:
        self._log.add(self._level, lines + "\n")
        for line in lines.split("\n")[-TAIL:]:
            self._tail.append(harmless(self._log.mask(last_state(line)), self._line_chars))


class _Feeding:
    """What the process reads from stdin."""

    def __init__(self, pipe: IO[bytes], given: str | bytes) -> None:
        self._pipe = pipe
        self._rest = memoryview(given.encode() if isinstance(given, str) else given)

    def write(self) -> bool:
        """Give it as much as it takes; False when all is given or it does not listen."""
        try:
            self._rest = self._rest[os.write(self._pipe.fileno(), self._rest[:AT_ONCE]) :]
        except BrokenPipeError:  # it has read enough, as `head` does
            self._rest = self._rest[:0]
        return bool(self._rest)
