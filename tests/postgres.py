"""Runs a command against PostgreSQL, where one is found; says so where none is.

usage: python -m tests.postgres COMMAND...     TEST_DATABASE_URL names the server; without
it, one on this machine that lets us in without a password is taken. Tests make a database
of their own and remove it.
"""

import os
import sys

import psycopg

LIKELY = "postgresql://postgres@127.0.0.1:5432/postgres"


def reachable(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def found() -> str:
    """The URL of a PostgreSQL for tests, or nothing."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    return given or (LIKELY if reachable(LIKELY) else "")


def main(command: list[str]) -> None:
    url = found()
    if not url:
        sys.stdout.write("No PostgreSQL was found: these tests ran on SQLite only.\n")
        return
    os.execvpe(command[0], command, {**os.environ, "TEST_DATABASE_URL": url})


if __name__ == "__main__":
    main(sys.argv[1:])
