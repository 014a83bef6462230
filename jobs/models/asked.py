"""AskedOnce: what a caller asked for under a key of its own, so that asking again, after a
broken connection, finds the job instead of a second one."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from .job import Job


class AskedOnce(models.Model):
    # None: code asked, on nobody's behalf.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+"
    )
    key = models.CharField(max_length=255)
    # Of all that was asked for: the same key with another wish is a mistake.
    digest = models.CharField(max_length=64)
    # What it was given: one of them, but for the moment in which it is made.
    job = models.ForeignKey(Job, models.CASCADE, null=True, related_name="+")
    schedule = models.ForeignKey(PeriodicTask, models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="asked_once"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(user__isnull=True), name="asked_once_by_code"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def made(self) -> Job | PeriodicTask | None:
        return self.job or self.schedule

    def is_for(self, made: models.Model) -> None:
        """Remember what was made: a job, or a schedule by either of its rows."""
        column = "job" if isinstance(made, Job) else "schedule"
        AskedOnce.objects.filter(pk=self.pk).update(**{column: made.pk})
