"""Ends what the supervisor leaves behind, should it die without a word (SIGKILL).

Runs as a process of its own, started as a plain script so that it stays small. It reads
from a pipe whose other end only the supervisor holds: which process groups live, which
of them may first be asked politely, which folder is temporary. When the pipe ends, the
supervisor has ended, and whatever is still on the list ends too. Finally it looks for
processes that carry the run's mark in their environment: a task may have started
programs in groups of their own.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "BATUTA_RUN"
POLITE_SECONDS = 5.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, bool] = {}
    folders: list[str] = []
    for line in sys.stdin:
        verb, _, word = line.strip().partition(" ")
        if verb == "remove":
            folders.append(word)
        elif verb == "forget":
            groups.pop(int(word), None)
        else:
            groups[int(word)] = verb == "ask"
    bury(groups, sys.argv[1])
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def bury(groups: dict[int, bool], mark: str) -> None:
    """End all: hard ones first, since they may still use those that are asked."""
    for group, polite in groups.items():
        if not polite:
            send(group, signal.SIGKILL)
    end_marked(mark)
    asked = [group for group, polite in groups.items() if polite]
    for group in asked:
        send(group, signal.SIGTERM)
    deadline = time.monotonic() + POLITE_SECONDS
    while any(send(group, 0) for group in asked) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in asked:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Signal a whole process group; whether there is one."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says EPERM of zombies
        return False
    return True


def end_marked(mark: str) -> None:
    """Kill every process that was started, however far away, with this mark."""
    for pid in marked(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def marked(mark: str) -> Iterator[int]:
    """Processes with the mark in their first environment (Linux; elsewhere none)."""
    wanted = f"{MARK}={mark}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if any(entry.startswith(wanted) for entry in path.read_bytes().split(b"\0")):
                yield int(path.parent.name)


if __name__ == "__main__":
    main()
