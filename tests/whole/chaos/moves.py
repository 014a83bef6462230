"""The database's own account of every change of state: written by triggers, so that no
code of ours can forget a line, or write one that did not happen."""

from dataclasses import dataclass

from django.db import connection

from jobs.states import ACTIVE, WAITING

TABLE = """
CREATE TABLE chaos_move (
    number {serial}, job varchar(255) NOT NULL, before varchar(24), after varchar(24) NOT NULL,
    attempt integer NOT NULL, lost integer NOT NULL, at {float} NOT NULL
)
"""
VALUES = "NEW.id, {before}, NEW.state, NEW.attempt, NEW.lost, {now}"
INSERT = "INSERT INTO chaos_move (job, before, after, attempt, lost, at) VALUES ({values});"
SQLITE = {
    "serial": "integer PRIMARY KEY AUTOINCREMENT",
    "float": "real",
    "now": "(julianday('now') - 2440587.5) * 86400.0",
}
POSTGRES = {
    "serial": "bigserial PRIMARY KEY",
    "float": "double precision",
    "now": "extract(epoch FROM clock_timestamp())",
}
FUNCTION = """
CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN {born} ELSE {moved} END IF; RETURN NULL;
END $$
"""


@dataclass(frozen=True)
class Move:
    """`at` is seconds since 1970, by the database's clock."""

    job: str
    before: str | None
    after: str
    attempt: int
    lost: int
    at: float

    @property
    def is_given_back(self) -> bool:
        """It waits again, for another attempt."""
        return self.before in ACTIVE and self.after in WAITING

    @property
    def is_claim(self) -> bool:
        """A worker took the job."""
        return self.after in ACTIVE and self.before not in ACTIVE


def keep_account() -> None:
    """From now on every change of state of a job is noted."""
    words = SQLITE if connection.vendor == "sqlite" else POSTGRES
    born = INSERT.format(values=VALUES.format(before="NULL", now=words["now"]))
    moved = INSERT.format(values=VALUES.format(before="OLD.state", now=words["now"]))
    changed = "NEW.state <> OLD.state OR NEW.attempt <> OLD.attempt"
    with connection.cursor() as cursor:
        cursor.execute(TABLE.format(**words))
        if connection.vendor == "sqlite":
            cursor.execute(
                f"CREATE TRIGGER chaos_born AFTER INSERT ON jobs_job BEGIN {born} END"
            )
            cursor.execute(
                "CREATE TRIGGER chaos_moved AFTER UPDATE ON jobs_job"
                f" WHEN {changed} BEGIN {moved} END"
            )
            return
        cursor.execute(FUNCTION.format(born=born, moved=moved))
        cursor.execute(
            "CREATE TRIGGER chaos_born AFTER INSERT ON jobs_job"
            " FOR EACH ROW EXECUTE FUNCTION chaos_note()"
        )
        cursor.execute(
            "CREATE TRIGGER chaos_moved AFTER UPDATE ON jobs_job"
            f" FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION chaos_note()"
        )


def all_moves() -> list[Move]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT job, before, after, attempt, lost, at FROM chaos_move ORDER BY number"
        )
        return [Move(*row) for row in cursor.fetchall()]
