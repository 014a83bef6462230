"""Taking turns at SQLite's lock.

SQLite waits for it in naps of 1, 2, 5 … 100 ms. The books hold it for less than one of
them, so two busy workers would sleep longer than they work. They ask more often instead.
"""

import sqlite3
import time
from typing import Any

from django.db import OperationalError

NAP_SECONDS = 0.0003
# What Python's sqlite3 does where the settings say nothing.
DEFAULT_PATIENCE_SECONDS = 5.0


def open_asking(connection: Any) -> None:
    """Open a connection so that it asks; on other databases it is just opened."""
    connection.ensure_connection()  # not `connect`: errors are to be of Django's types
    if connection.vendor != "sqlite":
        return
    # Only now: to open it may need the lock, and nobody asks for that one again.
    connection.connection.execute("PRAGMA busy_timeout = 0")
    if _ask not in connection.execute_wrappers:
        connection.execute_wrappers.append(_ask)


def _ask(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    options = context["connection"].settings_dict["OPTIONS"]
    deadline = 0.0
    while True:
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            now = time.monotonic()
            deadline = deadline or now + options.get("timeout", DEFAULT_PATIENCE_SECONDS)
            if not _is_taken(error) or now > deadline:
                raise
        time.sleep(NAP_SECONDS)


def _is_taken(error: OperationalError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    return bool(code & 0xFF == sqlite3.SQLITE_BUSY)  # the upper bits only say why
