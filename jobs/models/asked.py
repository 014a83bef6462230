"""AskedOnce: what a caller asked for under a key of its own, so that asking again, after a
broken connection, finds the job instead of a second one."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .job import Job


class AskedOnce(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    # Of all that was asked for: the same key with another wish is a mistake.
    digest = models.CharField(max_length=64)
    job = models.ForeignKey(Job, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="asked_once")]

    def __str__(self) -> str:
        return self.key
