"""What a run stands on: a folder, a database of its own and a broker.

It sets the environment before Django reads it, so a process can have only one.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg


class Ground:
    def __init__(self, folder: Path, database: str, redis: str, broker: str) -> None:
        self.folder, self.given = folder, database
        self.name = f"batuta_chaos_{os.getpid()}"
        self.environment = {
            "BATUTA_TEST_PART": os.environ.get("PYTEST_XDIST_WORKER", ""),
            "DATA_DIR": str(folder),
            "SECRET_KEY": "only-for-chaos-" + "x" * 50,
            "REDIS_URL": f"unix://{folder}/redis.sock" if redis == "embedded" else redis,
            "BROKER_URL": broker,
            "CHAOS_QUEUE": self.name,
            "DATABASE_URL": self._database_url(),
        }
        self.server: Any = None

    def __enter__(self) -> "Ground":
        os.environ.update(self.environment)
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.whole.chaos.settings"
        if self.given:
            self._on_server(f'CREATE DATABASE "{self.name}"')
        import django

        django.setup()
        from django.core.management import call_command

        from .moves import keep_account
        from .server import Private, Queue

        url = self.environment["BROKER_URL"] or self.environment["REDIS_URL"]
        self.queue = Queue(url, self.name)
        call_command("migrate", interactive=False, verbosity=0)
        keep_account()
        if self.environment["REDIS_URL"].startswith(f"unix://{self.folder}"):
            self.server = Private(self.folder)
            self.server.start()
        return self

    def run(self, *, seconds: float, seed: int) -> Any:
        from .run import run
        from .stage import Stage

        own = None if self.environment["BROKER_URL"] else self.server
        stage = Stage(self.folder, self.environment, seed)
        return run(stage, own, self.queue, seconds=seconds, seed=seed)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from django.db import connections

        connections.close_all()
        if self.environment["BROKER_URL"]:
            self.queue.remove()
        if self.server is not None:
            self.server.stop()
        if self.given:
            self._on_server(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def _database_url(self) -> str:
        if not self.given:
            return f"sqlite:///{self.folder}/chaos.sqlite3"
        return urlunsplit(urlsplit(self.given)._replace(path=f"/{self.name}"))

    def _on_server(self, statement: str) -> None:
        with psycopg.connect(self.given, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]
