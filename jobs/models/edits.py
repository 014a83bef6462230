"""The database itself notices what becomes of schedules: by a form, by `update()`, by SQL.

Triggers give each `PeriodicTask` its `Schedule`, and mark that one as stale when somebody
changes what beat must know. Installed after each `migrate`. Before it SQLite's are taken
away: it alters a table by building another one, and stumbles over triggers that name it.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connections
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from .schedule import Schedule

NAME = "jobs_schedule_edits"
KINDS = {
    "crontab": CrontabSchedule,
    "interval": IntervalSchedule,
    "solar": SolarSchedule,
    "clocked": ClockedSchedule,
}
# Of an entry beat writes these; the name and the description say nothing to it.
UNHEEDED = {"id", "name", "description", "last_run_at", "total_run_count", "date_changed"}

_OURS = Schedule._meta.db_table
_THEIRS = PeriodicTask._meta.db_table
# As Django's own Now() of the moment, not of the beginning of a long transaction.
_NOW = {
    "sqlite": "STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')",
    "postgresql": "clock_timestamp()",
}


def watch(using: str, **kwargs: Any) -> None:
    """Install the triggers, and give entries without a schedule theirs."""
    connection = connections[using]
    vendor = connection.vendor
    tables = {*connection.introspection.table_names()}
    if _THEIRS not in tables:
        return
    with connection.cursor() as cursor:
        for statement in _dropped(vendor):
            cursor.execute(statement)
        if _OURS not in tables:
            return  # our migrations were taken back
        for statement in (*_created(vendor), _missing(_NOW[vendor])):
            cursor.execute(statement)


def look_away(using: str, **kwargs: Any) -> None:
    """Before a migration."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for statement in _dropped("sqlite"):
                cursor.execute(statement)


def _missing(now: str) -> str:
    return (
        f"INSERT INTO {_OURS} (entry_id, runs, stale_at) "
        f"SELECT id, total_run_count, {now} FROM {_THEIRS} "
        f"WHERE id NOT IN (SELECT entry_id FROM {_OURS})"
    )


def _watched(vendor: str) -> dict[str, tuple[str, str, str]]:
    """By name: when, on which table, and what is done then."""
    now = _NOW[vendor]
    stale = f"UPDATE {_OURS} SET revision = revision + 1, stale_at = {now} WHERE entry_id"
    entry = [f.column for f in PeriodicTask._meta.local_fields if f.column not in UNHEEDED]
    heeded: list[Any] = [Schedule._meta.get_field(name) for name in Schedule.POLICY]
    policy = [field.column for field in heeded]
    found = {
        "made": (
            "AFTER INSERT", _THEIRS,
            f"INSERT INTO {_OURS} (entry_id, runs, stale_at) "
            f"VALUES (NEW.id, NEW.total_run_count, {now}) ON CONFLICT DO NOTHING",
        ),
        "gone": ("BEFORE DELETE", _THEIRS, f"DELETE FROM {_OURS} WHERE entry_id = OLD.id"),
        "entry": (_change(vendor, entry), _THEIRS, f"{stale} = NEW.id"),
        "policy": (_change(vendor, policy), _OURS, f"{stale} = NEW.entry_id"),
    }  # fmt: skip
    for kind, model in KINDS.items():
        columns = [field.column for field in model._meta.local_fields]
        users = f"{stale} IN (SELECT id FROM {_THEIRS} WHERE {kind}_id = NEW.id)"
        found[kind] = (_change(vendor, columns), model._meta.db_table, users)
    return found


def _change(vendor: str, columns: Iterable[str]) -> str:
    """An UPDATE that makes one of them another; `save()` writes all, changed or not."""
    differs = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
    changed = " OR ".join(f"NEW.{name} {differs} OLD.{name}" for name in columns)
    return f"AFTER UPDATE|WHEN ({changed})"


def _created(vendor: str) -> list[str]:
    statements = []
    for name, (event, table, does) in _watched(vendor).items():
        event, _bar, when = event.partition("|")
        head = f"CREATE TRIGGER {NAME}_{name} {event} ON {table} FOR EACH ROW {when}"
        if vendor == "sqlite":
            statements.append(f"{head} BEGIN {does}; END")
            continue
        back = "OLD" if "DELETE" in event else "NEW"
        statements.append(
            f"CREATE OR REPLACE FUNCTION {NAME}_{name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {does}; RETURN {back}; END $$"
        )
        statements.append(f"{head} EXECUTE FUNCTION {NAME}_{name}()")
    return statements


def _dropped(vendor: str) -> list[str]:
    return [
        f"DROP TRIGGER IF EXISTS {NAME}_{name}"
        + (f" ON {table}" if vendor == "postgresql" else "")
        for name, (_event, table, _does) in _watched(vendor).items()
    ]
