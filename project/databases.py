"""The database from its URL: SQLite for one machine, PostgreSQL for all else."""

from typing import Any

import environ

from project.environment import Environment, wrong

SQLITE_OPTIONS = {
    # WAL alone makes locks worse: a reader that turns writer fails at once. Readers that
    # take the lock first, and wait for it, do not fail (research: 6062 errors against 0).
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
}
POSTGRES_OPTIONS = {"connect_timeout": 5}


def database(env: Environment, *, default: str) -> dict[str, Any]:
    """Django's description of DATABASE_URL; MySQL is refused."""
    url = env.text("DATABASE_URL", default=default)
    scheme = url.partition(":")[0]
    if scheme in ("postgres", "postgresql", "psql", "pgsql"):
        return _described(url, POSTGRES_OPTIONS) | {"CONN_HEALTH_CHECKS": True}
    if scheme == "sqlite":
        return _described(url, SQLITE_OPTIONS)
    raise wrong(
        "DATABASE_URL",
        "postgresql://user:password@host:5432/name or sqlite:////absolute/path"
        " (MySQL and others cannot give the guarantees that jobs need)",
    )


def _described(url: str, options: dict[str, Any]) -> dict[str, Any]:
    try:
        described: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        raise wrong("DATABASE_URL", "a database URL; characters such as @ and / in a"
                    " password are written %40 and %2F") from None  # fmt: skip
    described["OPTIONS"] = options | described.get("OPTIONS", {})
    return described
