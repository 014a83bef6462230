"""The books wait for SQLite's lock, and not longer than the settings say."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, connections

from jobs.execution.books import close_books, the_books
from jobs.models import Leader

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own lock"),
]


@pytest.fixture(autouse=True)
def fresh_books() -> Iterator[None]:
    close_books()
    yield
    close_books()


@contextmanager
def lock_held() -> Iterator[sqlite3.Connection]:
    """Another program writes."""
    other = sqlite3.connect(
        connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


def write() -> None:
    with the_books():
        assert Leader.hold("test", "me", seconds=60)


def test_a_write_waits_until_the_lock_is_free():
    with lock_held() as other:
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(0.3)
        assert writer.is_alive()
        other.execute("ROLLBACK")
        writer.join(10)
        assert not writer.is_alive()
    assert Leader.objects.filter(office="test").exists()


def test_a_lock_that_is_never_freed_is_an_error():
    options = connections["default"].settings_dict["OPTIONS"]
    patience, options["timeout"] = options["timeout"], 0.2
    try:
        with lock_held(), pytest.raises(OperationalError, match="locked"):
            write()
    finally:
        options["timeout"] = patience


def test_sqlite_itself_does_not_sleep():
    with the_books(), connections["default"].cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (0,)


def test_a_connection_that_was_closed_asks_again_after_it_is_opened():
    with the_books():
        connections["default"].close()
    test_sqlite_itself_does_not_sleep()
