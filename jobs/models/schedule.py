"""Schedule: our half of when a task runs by itself, beside django-celery-beat's row.

Each `PeriodicTask` has one, also those that other programs made: the database's triggers
see to that (`edits`), and so every column has a default that the database knows.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

from django.conf import settings
from django.db import connections, models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

DAY_SECONDS = 86_400
Mark: TypeAlias = tuple[int, datetime | None]
# What an entry may refer to, to say when.
KINDS = ("interval", "crontab", "solar", "clocked")


class Overlap(models.TextChoices):
    """What becomes of a fire while jobs of the same schedule have not ended."""

    ALLOW_ALL = "allow_all", _("run it beside them")
    SKIP = "skip", _("skip it")
    BUFFER_ONE = "buffer_one", _("let one wait, skip the others")
    BUFFER_ALL = "buffer_all", _("let each wait for its turn")
    CANCEL_OTHER = "cancel_other", _("cancel them, then run it")
    TERMINATE_OTHER = "terminate_other", _("terminate them, then run it")


class CatchUp(models.TextChoices):
    """What becomes of fires that came too late, since no beat was there."""

    NONE = "none", _("none of them")
    LATEST = "latest", _("the latest only")
    ALL = "all", _("all of them")


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def stale(self) -> "ScheduleQuerySet":
        """Those that were edited since they were planned, the first one first."""
        return self.filter(stale_at__isnull=False).order_by("stale_at")

    def planned(self) -> "ScheduleQuerySet":
        """Those that come due some time, the next one first."""
        return self.filter(fire_at__isnull=False).order_by("fire_at")

    def with_entry(self) -> "ScheduleQuerySet":
        return self.select_related("entry", *(f"entry__{kind}" for kind in KINDS))

    def with_shared(self) -> "list[Schedule]":
        """As `with_entry`, for many: an interval that a thousand of them have is read, and
        made an object, once."""
        rows = list(self.select_related("entry"))
        entries = [row.entry for row in rows]
        for name in KINDS:
            field: Any = PeriodicTask._meta.get_field(name)
            keys = {getattr(entry, field.attname) for entry in entries} - {None}
            found = field.related_model.objects.using(self.db).in_bulk(keys) if keys else {}
            for entry in entries:
                entry._state.fields_cache[name] = found.get(getattr(entry, field.attname))
        return rows

    def marks(self) -> dict[int, Mark]:
        """The marks of the chosen rows as they stand now, by key; the rows are locked for
        this transaction. One that somebody is just editing is left out: it must not keep
        the others waiting."""
        rows = self
        if connections[self.db].features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        found = rows.values_list("pk", "revision", "due_at")
        return {key: (revision, due_at) for key, revision, due_at in found}

    def keep(self, rows: "Iterable[Schedule]") -> None:
        """Write the cursors of many rows at once."""
        fields: list[Any] = [Schedule._meta.get_field(name) for name in Schedule.CURSOR]
        connection = connections[self.db]
        given = [
            [
                *(field.get_db_prep_save(getattr(row, field.attname), connection)
                  for field in fields),
                row.pk,
            ]
            for row in rows
        ]  # fmt: skip
        if not given:
            return
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                columns = [list(column) for column in zip(*given, strict=True)]
                cursor.execute(_kept_together(fields, connection), columns)
            else:
                cursor.executemany(_kept_each(fields), given)


def _kept_each(fields: Iterable[Any]) -> str:
    assigned = ", ".join(f"{field.column} = %s" for field in fields)
    return f"UPDATE {Schedule._meta.db_table} SET {assigned} WHERE entry_id = %s"


def _kept_together(fields: Iterable[Any], connection: Any) -> str:
    """With an array for each column: as many statements as rows cost PostgreSQL thrice."""
    columns = {field.column: field.db_type(connection) for field in fields}
    arrays = ", ".join(f"%s::{kind}[]" for kind in (*columns.values(), "bigint"))
    assigned = ", ".join(f"{name} = given.{name}" for name in columns)
    return (
        f"UPDATE {Schedule._meta.db_table} AS kept SET {assigned} "
        f"FROM unnest({arrays}) AS given({', '.join(columns)}, entry) "
        f"WHERE kept.entry_id = given.entry"
    )


class Schedule(models.Model):
    """How the moments of an entry are dealt with, and which one is next."""

    # What beat itself writes; all other columns are for people and for code.
    CURSOR: ClassVar[tuple[str, ...]] = (
        "due_at", "fire_at", "last_due_at", "stale_at", "flaw", "runs",
    )  # fmt: skip
    # An edit of one of these makes the row stale.
    POLICY: ClassVar[tuple[str, ...]] = (
        "overlap", "catch_up", "catch_up_window_seconds", "grace_seconds", "jitter_seconds",
        "blackout", "run_as", "paused_at", "pause_after_failures", "remaining", "ends_at",
        "expires_with_next",
    )  # fmt: skip

    entry = models.OneToOneField(
        PeriodicTask, models.CASCADE, primary_key=True, related_name="policy"
    )

    overlap = models.CharField(
        _("overlap"), max_length=16, choices=Overlap, db_default=Overlap.ALLOW_ALL
    )
    catch_up = models.CharField(
        _("catch up"), max_length=8, choices=CatchUp, db_default=CatchUp.LATEST
    )
    catch_up_window_seconds = models.PositiveIntegerField(
        _("catch up what is no older than (s)"), db_default=DAY_SECONDS
    )
    grace_seconds = models.PositiveIntegerField(
        _("grace (s)"), db_default=60, help_text=_("What comes later than this was missed.")
    )
    jitter_seconds = models.PositiveIntegerField(_("jitter (s)"), db_default=0)
    blackout = models.JSONField(
        _("not then"), db_default=models.Value([], models.JSONField()), blank=True
    )
    # The key of somebody who was deleted stays: nobody, who may run nothing. NULL is the
    # system, which may.
    run_as = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, blank=True,
        db_constraint=False, related_name="+", verbose_name=_("run as"),
    )  # fmt: skip
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    remaining = models.PositiveIntegerField(_("fires left"), null=True, blank=True)
    expires_with_next = models.BooleanField(
        _("expires when the next one comes"), db_default=False
    )

    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    pause_note = models.TextField(_("why it is paused"), blank=True, db_default="")
    resumed_at = models.DateTimeField(null=True, blank=True)
    pause_after_failures = models.PositiveIntegerField(
        _("pause after failures in a row"), null=True, blank=True
    )

    # Of one that code declares: what it is called there, and what code said last.
    key = models.CharField(max_length=255, blank=True, db_default="")
    coded = models.JSONField(null=True, blank=True)

    anchor_at = models.DateTimeField(db_default=Now())
    """From when on the steps of an interval are counted."""
    due_at = models.DateTimeField(_("next"), null=True, blank=True)
    """The next moment that it stands for; NULL for never."""
    fire_at = models.DateTimeField(null=True, blank=True)
    """When that moment is dealt with: the same, or later by the jitter."""
    last_due_at = models.DateTimeField(null=True, blank=True)
    """The last moment that was dealt with."""
    flaw = models.TextField(_("flaw"), blank=True, db_default="")
    """Why it never comes due until somebody mends it."""
    stale_at = models.DateTimeField(null=True, blank=True)
    """Since when an edit waits to be heeded. The triggers write it, and count `revision`."""
    revision = models.PositiveBigIntegerField(db_default=0)
    runs = models.PositiveIntegerField(db_default=0)
    """`total_run_count` of the entry as we left it: who finds more knows of another beat."""

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        indexes = [
            # Of conditions SQLite understands no others than these: IS NULL, IS NOT NULL.
            models.Index(
                fields=["fire_at"], condition=Q(fire_at__isnull=False), name="schedule_next"
            ),
            models.Index(
                fields=["stale_at"], condition=Q(stale_at__isnull=False), name="schedule_stale"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~Q(key=""), name="schedule_one_per_key"
            ),
        ]

    def __str__(self) -> str:
        return str(self.entry_id)

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def mark(self) -> Mark:
        """Another one after each edit and after each fire."""
        return self.revision, self.due_at

    def quarantine(self, flaw: str) -> None:
        """It never comes due, until somebody edits it; to be written with `keep`."""
        self.flaw = flaw
        self.plan(None, None)

    def plan(self, due_at: datetime | None, fire_at: datetime | None) -> None:
        """What comes next; to be written with `keep`."""
        self.due_at, self.fire_at, self.stale_at = due_at, fire_at, None
