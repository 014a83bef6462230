"""Runs one command, and when it ends lets nothing that it started outlive it.

A program of its own (`python -I -S warden.py`), because only a process without threads may
fork safely, and because it must outlive a worker that is killed: then the kernel tells it.
As "child subreaper" it inherits every descendant whose parent died, so on Linux a double
fork with `setsid` does not get away. What does get away: programs that became another user
(sudo) and so may not be signalled, and everything when the warden itself gets SIGKILL.
Elsewhere than on Linux it ends the command's process group only.

Arguments: the worker's process id, the descriptor to report to, the grace in seconds, the
command. Signals: SIGTERM, end it (SIGTERM, grace, SIGKILL); SIGUSR1, kill it now.
Report: `E<errno>` when the command cannot be started, `R<return code>` at its end.
"""

import contextlib
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
LEFTOVERS_GRACE = 0.2  # seconds for what a command that ended has left running
HOPELESS_AFTER = 5.0  # seconds of killing in vain, then the rest is given up
ON_LINUX = sys.platform == "linux"


def main(worker: int, report: int, grace: float, argv: list[str]) -> None:
    bell = _hear_signals()
    if ON_LINUX:
        _bind_to(worker)
    os.set_inheritable(report, False)
    command = os.fork()
    if command == 0:
        _become(argv, report)
    _let_go_of_pipes()
    status = _Watch(command, grace, bell).until_all_ended()
    if status is not None:
        os.write(report, b"R%d" % os.waitstatus_to_exitcode(status))


def _hear_signals() -> int:
    """A descriptor from which the numbers of signals can be read."""
    bell, ringer = os.pipe()
    os.set_blocking(ringer, False)
    signal.set_wakeup_fd(ringer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD):
        signal.signal(number, lambda number, frame: None)
    return bell


def _bind_to(worker: int) -> None:
    import ctypes  # 5 ms that other systems need not spend

    prctl = ctypes.CDLL(None).prctl
    prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != worker:  # it died before the kernel knew that we want to know
        sys.exit(1)


def _become(argv: list[str], report: int) -> NoReturn:
    """In the child: be the command, in a session of its own."""
    os.setsid()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python had it ignored
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(report, b"E%d" % (error.errno or 0))
    os._exit(127)


def _let_go_of_pipes() -> None:
    """Leave the command the only writer, so that its reader sees the end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


class _Watch:
    """Waits for the command and for whatever it started."""

    def __init__(self, command: int, grace: float, bell: int) -> None:
        self.command, self.grace, self.bell = command, grace, bell
        self.status: int | None = None
        self.kill_at: float | None = None

    def until_all_ended(self) -> int | None:
        """The wait status of the command; None if it could not be ended."""
        while self._reap():
            if self.status is not None and self.kill_at is None:
                self._end(LEFTOVERS_GRACE)
            if self.kill_at is not None and time.monotonic() >= self.kill_at:
                if time.monotonic() >= self.kill_at + HOPELESS_AFTER:
                    break
                self._signal(signal.SIGKILL)
            self._obey(self._heard())
        if not ON_LINUX:
            self._signal(signal.SIGKILL)
        return self.status

    def _reap(self) -> bool:
        """Note who ended; whether anybody is left."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if process == 0:
                return True
            if process == self.command:
                self.status = status

    def _heard(self) -> bytes:
        wait = None if self.kill_at is None else 0.02
        ready, _, _ = select.select([self.bell], [], [], wait)
        return os.read(self.bell, 100) if ready else b""

    def _obey(self, heard: bytes) -> None:
        if signal.SIGUSR1 in heard:
            self._end(0)
        elif signal.SIGTERM in heard and self.kill_at is None:
            self._end(self.grace)

    def _end(self, grace: float) -> None:
        self.kill_at = time.monotonic() + grace
        self._signal(signal.SIGTERM if grace else signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if not ON_LINUX:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.command, number)
            return
        for process in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, number)


def descendants(ancestor: int) -> list[int]:
    """The processes that `ancestor` started, and those that they started, by /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            children.setdefault(_parent(entry), []).append(int(entry.name))
    found = [*children.get(ancestor, [])]
    for process in found:  # grows while it is walked
        found += children.get(process, [])
    return found


def _parent(entry: Path) -> int:
    try:
        # "pid (name) state parent …"; the name may hold brackets and blanks.
        return int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:  # it ended meanwhile
        return 0


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
