"""SQLite keeps any text as a date; one that nobody can read would break each page of its
list. So triggers put a readable one in its place as soon as it is written, and where it
said when a task runs, its schedule is paused, with the old text in the note.

Installed after each `migrate`, which also mends what stood there before, and taken away
before it, as those of `edits`. PostgreSQL takes nothing but dates, and needs none of this.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connections
from django_celery_beat.models import ClockedSchedule, PeriodicTask, PeriodicTasks

from .history import Event
from .schedule import Schedule

NAME = "jobs_date_mended"

_OURS, _EVENTS = Schedule._meta.db_table, Event._meta.db_table
_THEIRS, _CLOCKS = PeriodicTask._meta.db_table, ClockedSchedule._meta.db_table
_NOW = "STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')"
_LONG_AGO = "'1970-01-01 00:00:00'"
_PLAN_ANEW = f"stale_at = {_NOW}"
# By table and column, what is set in the place of a date that nobody can read.
_MENDED = {
    _THEIRS: {
        "start_time": "start_time = NULL",
        "expires": "expires = NULL",
        "last_run_at": "last_run_at = NULL",
        "date_changed": f"date_changed = {_NOW}",
    },
    _CLOCKS: {"clocked_time": f"clocked_time = {_LONG_AGO}"},
    PeriodicTasks._meta.db_table: {"last_update": f"last_update = {_NOW}"},
    _OURS: {
        "ends_at": "ends_at = NULL",
        "paused_at": f"paused_at = {_NOW}",
        "resumed_at": "resumed_at = NULL",
        "anchor_at": f"anchor_at = {_NOW}",
        "due_at": f"due_at = NULL, fire_at = NULL, {_PLAN_ANEW}",
        "fire_at": f"due_at = NULL, fire_at = NULL, {_PLAN_ANEW}",
        "last_due_at": f"last_due_at = NULL, {_PLAN_ANEW}",
        "stale_at": _PLAN_ANEW,
    },
}
# Of these, whose schedules would run at other times than somebody meant.
_USERS = {
    (_THEIRS, "start_time"): "id = NEW.id",
    (_THEIRS, "expires"): "id = NEW.id",
    (_CLOCKS, "clocked_time"): "clocked_id = NEW.id",
    (_OURS, "ends_at"): "id = NEW.entry_id",
}
_KEYS = {PeriodicTasks._meta.db_table: "ident", _OURS: "entry_id"}
_DAY = "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]"
_MINUTE = f"{_DAY}[ T][0-2][0-9]:[0-5][0-9]*"


def mend(using: str, **kwargs: Any) -> None:
    """Install the triggers, and have them look at all that is there."""
    connection = connections[using]
    tables = {*connection.introspection.table_names()}
    if connection.vendor != "sqlite" or not {*_MENDED} <= tables:
        return
    with connection.cursor() as cursor:
        for name, table, column, does in _mended():
            wrong = _unreadable(f"NEW.{column}")
            for suffix, event in (("made", "INSERT"), ("", f"UPDATE OF {column}")):
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{suffix}")
                cursor.execute(
                    f"CREATE TRIGGER {name}{suffix} AFTER {event} ON {table} "
                    f"FOR EACH ROW WHEN {wrong} BEGIN {does} END"
                )
            cursor.execute(
                f"UPDATE {table} SET {column} = {column} WHERE {_unreadable(column)}"
            )


def look_away(using: str, **kwargs: Any) -> None:
    """Before a migration: SQLite stumbles over triggers of a table that it alters."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name, *_rest in _mended():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}made")
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def _unreadable(value: str) -> str:
    """Whether Python would find no date in it. SQLite takes more for one than Python does:
    a number, the 30th of February, words like `now`."""
    return (
        f"({value} IS NOT NULL AND (TYPEOF({value}) <> 'text' OR {value} < '0001' OR NOT ("
        f"{value} GLOB '{_DAY}' OR ({value} GLOB '{_MINUTE}' AND SUBSTR({value}, 12, 2) < '24'"
        f" AND SUBSTR({value}, 17) NOT GLOB '*[^0-9:.Z+-]*'"
        f" AND DATETIME({value}) IS NOT NULL))"
        f" OR DATE(SUBSTR({value}, 1, 10), '+0 days') IS NOT SUBSTR({value}, 1, 10)))"
    )


def _mended() -> Iterator[tuple[str, str, str, str]]:
    """The name of each trigger, its table and column, and what it does."""
    for table, columns in _MENDED.items():
        key = _KEYS.get(table, "id")
        for column, instead in columns.items():
            does = f"UPDATE {table} SET {instead} WHERE {key} = NEW.{key};"
            if users := _USERS.get((table, column)):
                does += _paused(column, users)
            yield f"{NAME}_{table}_{column}", table, column, does


def _paused(column: str, users: str) -> str:
    """Pause those entries, and tell why. A row of ours may not be there yet."""
    why = f"'{column} was no date: ' || SUBSTR(QUOTE(NEW.{column}), 1, 100)"
    note = "LTRIM(pause_note || ' ' || excluded.pause_note)"
    return (
        f" INSERT INTO {_OURS} (entry_id, runs, stale_at, paused_at, pause_note) "
        f"SELECT id, total_run_count, {_NOW}, {_NOW}, {why} FROM {_THEIRS} WHERE {users} "
        f"ON CONFLICT (entry_id) DO UPDATE SET pause_note = {note}, "
        f"paused_at = COALESCE(paused_at, excluded.paused_at);"
        f" INSERT INTO {_EVENTS} (schedule_id, subject, task_id, verb, reason) "
        f"SELECT id, SUBSTR(name, 1, 255), task, 'quarantine', {why} "
        f"FROM {_THEIRS} WHERE {users};"
    )
