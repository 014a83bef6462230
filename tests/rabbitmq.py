"""Runs a command with RabbitMQ as the broker, where one is found; says so where none is.

usage: python -m tests.rabbitmq COMMAND...     TEST_BROKER_URL names the server; without it,
one on this machine that lets guests in is taken. Tests use a virtual host of their own: one
that `rabbitmqctl` makes and removes, or the one that the URL names, if it is not `/`.
"""

import os
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

from tests.whole.proxy import free_port

LIKELY = "amqp://guest:guest@127.0.0.1:5672//"


def reachable(url: str) -> bool:
    from kombu import Connection
    from kombu.exceptions import OperationalError

    try:
        with Connection(url, connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
        return True
    except (OperationalError, OSError):
        return False


def names_a_host(url: str) -> bool:
    """Whether the URL names a virtual host that is not everybody's."""
    return urlsplit(url).path not in ("", "/", "//")


def control(*words: str) -> bool:
    """Whether the server of this machine did what it was told."""
    program = shutil.which("rabbitmqctl")
    if program is None:
        return False
    nowhere = subprocess.DEVNULL
    told = [program, "-q", *words]
    return not subprocess.run(told, stdin=nowhere, stdout=nowhere, check=False).returncode


def own_url(given: str) -> str:
    """The way to the server that these tests may cut: a port and a virtual host of theirs."""
    parts = urlsplit(given)
    path = parts.path if names_a_host(given) else f"/batuta_test_{os.getpid()}"
    who = parts.netloc.rpartition("@")[0] or "guest:guest"
    return parts._replace(netloc=f"{who}@127.0.0.1:{free_port()}", path=path).geturl()


def found() -> str:
    """The URL of a RabbitMQ for tests, or nothing."""
    given = os.environ.get("TEST_BROKER_URL", "")
    return given or (LIKELY if reachable(LIKELY) else "")


def main(command: list[str]) -> None:
    url = found()
    if not url:
        sys.stdout.write("No RabbitMQ was found: these tests ran on Redis only.\n")
    elif not names_a_host(url) and not control("list_vhosts"):
        sys.stdout.write(
            "RabbitMQ was found, but no virtual host for tests can be made there: name one"
            " in TEST_BROKER_URL. These tests ran on Redis only.\n"
        )
    else:
        os.execvpe(command[0], command, {**os.environ, "TEST_BROKER_URL": url})


if __name__ == "__main__":
    main(sys.argv[1:])
