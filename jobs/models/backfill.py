"""Backfill: a range of a schedule's past moments that somebody has run on purpose."""

from django.conf import settings
from django.db import connections, models
from django.db.models import Q, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from .ids import new_id


class Which(models.TextChoices):
    """Which moments of the range are run. One whose job has not ended never is."""

    MISSING = "missing", _("those that did not run")
    FAILED = "failed", _("those that did not run, and those that failed")
    ALL = "all", _("all of them, once more")


class First(models.TextChoices):
    """In which order."""

    OLDEST = "oldest", _("the oldest first")
    NEWEST = "newest", _("the newest first")


class BackfillQuerySet(models.QuerySet["Backfill"]):
    def live(self) -> "BackfillQuerySet":
        """Those with jobs that have not ended."""
        return self.filter(finished_at=None)

    def before(self, row: "Backfill") -> "BackfillQuerySet":
        """Those that were asked for before that one."""
        # As the database wrote it: SQLite compares texts, and Python writes more digits.
        at = Subquery(self.model._default_manager.filter(pk=row.pk).values("asked_at"))
        return self.filter(Q(asked_at__lt=at) | Q(asked_at=at, pk__lt=row.pk))

    def held(self) -> "Backfill | None":
        """The chosen one, locked for this transaction; None when somebody else has it."""
        rows = self
        if connections[self.db].features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        return rows.first()


class Backfill(models.Model):
    """All its jobs are rows from the beginning: they wait, and the relay lets so many go
    as may run at once. Nothing of it lives in a process."""

    id = models.CharField(primary_key=True, max_length=255, default=new_id)
    # One that was deleted takes none of its history along.
    schedule = models.ForeignKey(
        PeriodicTask, models.SET_NULL, null=True, related_name="backfills",
        verbose_name=_("schedule"),
    )  # fmt: skip
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    which = models.CharField(_("which"), max_length=8, choices=Which)
    first = models.CharField(_("order"), max_length=8, choices=First)
    concurrency = models.PositiveSmallIntegerField(_("at once"))
    count = models.PositiveIntegerField(_("moments"))
    reason = models.TextField(_("reason"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
        verbose_name=_("asked by"),
    )  # fmt: skip
    # As `Schedule.run_as`: the key of somebody who was deleted stays, who may run nothing.
    run_as = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, db_constraint=False,
        related_name="+", verbose_name=_("run as"),
    )  # fmt: skip
    asked_at = models.DateTimeField(_("asked at"), db_default=Now())
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
        verbose_name=_("cancelled by"),
    )  # fmt: skip
    cancel_reason = models.TextField(_("why it was cancelled"), blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = BackfillQuerySet.as_manager()

    class Meta:
        verbose_name = _("backfill of a schedule")
        verbose_name_plural = _("backfills of schedules")
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(
                fields=["asked_at"], condition=Q(finished_at__isnull=True), name="backfill_live"
            ),
        ]

    def __str__(self) -> str:
        return self.id
