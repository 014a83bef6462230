"""Leases bear the mark of the process that minted them, by which that process can be
proved dead on its own machine: its jobs need not wait for the end of their lease.

A mark is the machine since its last boot (with the PID namespace, which containers have
of their own), the process id, and when that process started: 8 + 6 + 8 hexadecimal digits.
Without Linux' /proc nothing can be proved, and the lease has to run out.
"""

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path

PROC = Path("/proc")
MACHINE_DIGITS, PID_DIGITS, START_DIGITS = 8, 6, 8
LENGTH = 40
NOWHERE = "0" * MACHINE_DIGITS
NOT_ALIVE = frozenset({"Z", "X"})  # zombie: killed, and its parent has not looked yet
DEAD = "dead"


def new_lease() -> str:
    """40 characters: the mark, and 72 random bits."""
    return _mark_of(os.getpid()) + secrets.token_hex(9)


@cache
def machine() -> str:
    """What leases of this machine begin with."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text()
        namespace = (PROC / "self/ns/pid").readlink()
    except OSError:
        return NOWHERE
    return hashlib.sha256(f"{boot}{namespace}".encode()).hexdigest()[:MACHINE_DIGITS]


def is_surely_dead(lease: str) -> bool:
    """Whether the process that minted the lease lived on this machine and is no more."""
    if machine() == NOWHERE or not lease.startswith(machine()) or len(lease) != LENGTH:
        return False
    told = lease[MACHINE_DIGITS : MACHINE_DIGITS + PID_DIGITS + START_DIGITS]
    try:
        process = int(told[:PID_DIGITS], 16)
    except ValueError:  # not minted here
        return False
    start = _start_of(process)
    return _is_gone(process) if start is None else start != told[PID_DIGITS:]


def _is_gone(process: int) -> bool:
    """Asked in another way: /proc may hide the processes of other users."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


@cache
def _mark_of(process: int) -> str:
    start = _start_of(process)
    if start is None:
        return NOWHERE + "0" * (PID_DIGITS + START_DIGITS)
    return f"{machine()}{process:0{PID_DIGITS}x}{start}"


def _start_of(process: int) -> str | None:
    """When it started, in clock ticks since boot, or that it is dead; None if it cannot
    be seen."""
    try:
        # "pid (name) state parent …"; the name may hold brackets and blanks.
        fields = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    if fields[0] in NOT_ALIVE:
        return DEAD
    return f"{int(fields[19]):0{START_DIGITS}x}"[-START_DIGITS:]
