"""ApiToken: a program's key to the API. Only its digest is kept; what it opens is what its
person may, narrowed by scopes."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.signals import rights_changed

PREFIX = "batuta_"
"""So that people and scanners see what it is when it lies somewhere."""

_SHOWN = len(PREFIX) + 4
_FRESH = timedelta(minutes=1)
"""How exactly the last use is known: not every request writes."""


class Scope(models.TextChoices):
    """What a token may be used for."""

    READ = "read", _("read what its person may see")
    RUN = "run", _("ask for jobs")
    CONTROL = "control", _("do verbs on jobs and schedules, and edit them")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid(self) -> "ApiTokenQuerySet":
        """Neither revoked nor expired, and of somebody who is active."""
        lasting = Q(expires_at=None) | Q(expires_at__gt=Now())
        return self.filter(lasting, revoked_at=None, user__is_active=True)

    def issue(
        self, user: Any, scopes: list[str], *, name: str = "", days: int | None = None
    ) -> tuple["ApiToken", str]:
        """A new token and its text, which is never known again."""
        text = PREFIX + secrets.token_urlsafe(32)
        ends = Now() + timedelta(days=days) if days is not None else None
        row = self.create(
            user=user,
            name=name,
            start=text[:_SHOWN],
            digest=digest(text),
            scopes=sorted(scopes),
            expires_at=ends,
        )
        row.refresh_from_db()
        return row, text

    def holding(self, text: str) -> "ApiToken | None":
        """The valid token of this text, with its person."""
        return self.valid().select_related("user").filter(digest=digest(text)).first()

    def revoke(self) -> int:
        """Close them for good, and what they opened; how many were open."""
        valid = self.filter(revoked_at=None)
        people = list(valid.order_by().values_list("user", flat=True).distinct())
        count = valid.update(revoked_at=Now())
        transaction.on_commit(lambda: rights_changed.send_robust(sender=None, people=people))
        return count


class ApiToken(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="+"
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    start = models.CharField(_("begins with"), max_length=16)
    # A plain hash is enough: nobody guesses 256 random bits.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    expires_at = models.DateTimeField(_("expires"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.start}…"

    def note_use(self) -> None:
        """Remember that it was used just now, to the minute: most requests write nothing."""
        if self.last_used_at is None or timezone.now() - self.last_used_at > _FRESH:
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=Now())


def digest(text: str) -> str:
    """What is kept of a random text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
