"""A real web server on the tests' database, and a client as a browser would be one."""

import json
import os
import socket
import subprocess
import sys
from contextlib import closing
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.waiting import eventually

SLOW_SECONDS = 3.0
"""How long the database takes for anything called "slow"."""


class Web:
    """One uvicorn process."""

    def __init__(self, application: str, redis_url: str) -> None:
        self.application = application
        self.port = _free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": _database_url(),
            "REDIS_URL": redis_url,
            "TRUSTED_ORIGINS": "https://trusted.example:8443",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Web":
        command = [
            sys.executable, "-m", "uvicorn", self.application,
            "--port", str(self.port), "--ws-max-size", "16384",
            "--ws-per-message-deflate", "false", "--lifespan", "off", "--log-level", "warning",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, env=self.environment)
        eventually(self._listens, within=30)
        return self

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(30)  # as long as its slow queries take

    def _listens(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError("The web server does not start.")
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def open(self, user: User | None = None, **options: Any) -> ClientConnection:
        """A socket as a page of the site opens it, signed in as `user`."""
        options.setdefault("origin", f"http://{self.host}")
        host = options.pop("host", "127.0.0.1")
        path = options.pop("path", "/ws")
        headers = Headers(options.pop("headers", {}))
        if user is not None:
            headers["Cookie"] = session_of(user)
        return connect(
            f"ws://{host}:{self.port}{path}",
            sock=socket.create_connection(("127.0.0.1", self.port)),
            additional_headers=headers,
            compression=None,
            **options,
        )


def session_of(user: User) -> str:
    """The cookie of a fresh session."""
    browser = Client()
    browser.force_login(user)
    return (
        f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    )


def say(line: ClientConnection, **message: Any) -> None:
    line.send(json.dumps(message))


def hear(line: ClientConnection, kind: str, within: float = 10.0) -> dict[str, Any]:
    """The next message, which must be of this kind."""
    message: dict[str, Any] = json.loads(line.recv(timeout=within))
    assert message["type"] == kind, message
    return message


def watch(line: ClientConnection, job_id: str, **known: Any) -> dict[str, Any]:
    """Subscribe to a job and take its snapshot."""
    say(line, type="subscribe", topic=f"job:{job_id}", **known)
    return hear(line, "snapshot")


def _free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _database_url() -> str:
    """The database of this test run, for another process."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{place['NAME']}"
    who = f"{place['USER']}:{place['PASSWORD']}@" if place["USER"] else ""
    return f"postgres://{who}{place['HOST']}:{place['PORT'] or 5432}/{place['NAME']}"


def code_of_close(line: ClientConnection, within: float = 15.0) -> int:
    """The code that the server closes with, whatever it says before."""
    try:
        while True:
            line.recv(timeout=within)
    except ConnectionClosed as closed:
        assert closed.rcvd is not None, "closed without a word"
        return closed.rcvd.code
