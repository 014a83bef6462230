"""One supervisor per data folder, one server per port."""

import errno
import fcntl
import os
import socket
import time
from pathlib import Path

# The undertaker of a killed run may need a moment to clear up.
GRACE_SECONDS = 4.0


class Refused(Exception):
    """Why nothing was started, in one line."""


def lock(data: Path, url: str) -> int:
    """The data folder is ours until this process ends; gives the lock's descriptor."""
    handle = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + GRACE_SECONDS
    while not _take(handle):
        if time.monotonic() > deadline:
            who = os.read(handle, 200).decode(errors="replace").strip()
            raise Refused(f"Batuta already runs on {data} ({who}). Stop it, or set DATA_DIR.")
        time.sleep(0.1)
    os.ftruncate(handle, 0)
    os.write(handle, f"process {os.getpid()}, {url}".encode())
    return handle


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def free_port(address: str, port: int) -> None:
    """Raises Refused when the port cannot be had."""
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
    except OSError as error:
        raise Refused(_why(address, port, error)) from None


def _why(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program. Try PORT={port + 1} make start"
    if error.errno == errno.EACCES:
        return f"Port {port} needs root. Try PORT=8000 make start"
    return f"Nothing can listen on {address}, port {port}: {error.strerror or error}."
