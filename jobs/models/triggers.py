"""The second wall: the database itself refuses to change how a job ended.

Installed after each `migrate`, because SQLite rebuilds a table to alter it and drops
its triggers.
"""

from typing import Any

from django.db import connections

from jobs.states import FINAL

from .job import Job

FROZEN = (
    "state",
    "reason",
    "result",
    "error_type",
    "error",
    "traceback",
    "created_at",
    "queued_at",
    "started_at",
    "finished_at",
)
NAME = "jobs_final_is_final"
REFUSAL = "A job that has ended cannot be changed."


def freeze_final_rows(using: str, **kwargs: Any) -> None:
    """Install the trigger in the database `using`, if our table is there."""
    connection = connections[using]
    if Job._meta.db_table not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in STATEMENTS[connection.vendor]:
            cursor.execute(statement)


def _statements(vendor: str) -> list[str]:
    table = Job._meta.db_table
    final = ", ".join(f"'{state.value}'" for state in sorted(FINAL))
    differs = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
    changed = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in FROZEN)
    when = f"WHEN (OLD.state IN ({final}) AND ({changed}))"
    if vendor == "sqlite":
        return [
            f"DROP TRIGGER IF EXISTS {NAME}",
            f"CREATE TRIGGER {NAME} BEFORE UPDATE ON {table} {when} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'check_violation'; END $$",
        f"DROP TRIGGER IF EXISTS {NAME} ON {table}",
        f"CREATE TRIGGER {NAME} BEFORE UPDATE ON {table} "
        f"FOR EACH ROW {when} EXECUTE FUNCTION {NAME}()",
    ]


STATEMENTS = {vendor: _statements(vendor) for vendor in ("sqlite", "postgresql")}
