"""What both sides stand on: a folder, a private server, a database for each."""

import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from project.places import for_kombu
from project.supervisor import embedded
from tests.bench.side import Kind, Side
from tests.conftest import start_server

# What a developer's .env says does not count here.
NOT_WANTED = (
    "DEBUG", "DEVELOPMENT", "BROKER_URL", "CELERY_BROKER_URL", "RABBITMQ_URL", "EMAIL_URL",
    "MAX_CONCURRENT_JOBS", "JOB_TIMEOUT", "TRUSTED_ORIGINS",
)  # fmt: skip


class Ground:
    """Everything that a run makes, and removes at its end.

    `database` is the URL of a PostgreSQL that may create databases; empty means SQLite.
    """

    def __init__(self, database: str) -> None:
        self.database = database
        self.sides: list[Side] = []
        self._stack = ExitStack()

    def __enter__(self) -> "Ground":
        folder = tempfile.TemporaryDirectory(prefix="batuta-bench-")
        self.folder = Path(self._stack.enter_context(folder))
        place = next(embedded.places(self.folder))
        server = start_server(place, self.folder)
        self.redis_url = place.url
        self._stack.callback(server.wait, 10)
        self._stack.callback(server.terminate)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def side(self, kind: Kind) -> Side:
        # A broker database each: idle workers must not take each other's messages.
        redis_url = f"{self.redis_url}?db={len(self.sides)}"
        environment = dict.fromkeys(NOT_WANTED, "") | {
            "DATA_DIR": str(self.folder / kind.name),
            "SECRET_KEY": "only-for-benchmarks-" + "x" * 50,
            "REDIS_URL": redis_url,
            "DATABASE_URL": self._database_of(kind),
            "BENCH_RESULTS": for_kombu(redis_url) if kind.results == "redis" else kind.results,
        }
        side = Side(kind, environment, self.folder)
        self.sides.append(side)
        self._stack.callback(side.close)
        return side

    def _database_of(self, kind: Kind) -> str:
        if not self.database:
            return f"sqlite:///{self.folder}/{kind.name}.sqlite3"
        name = f"{self.folder.name}-{kind.name}"
        self._on_server("CREATE DATABASE {}", name)
        self._stack.callback(self._on_server, "DROP DATABASE {} WITH (FORCE)", name)
        return urlsplit(self.database)._replace(path=f"/{name}").geturl()

    def _on_server(self, statement: str, name: str) -> None:
        with closing(psycopg.connect(self.database, autocommit=True)) as server:
            server.execute(sql.SQL(statement).format(sql.Identifier(name)))
