"""SocketTicket: a way onto the socket for whoever cannot send a header there. It opens once,
within a minute, what the session or the token opens that asked for it."""

import secrets
from datetime import timedelta

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .token import ApiToken, digest

LASTS_SECONDS = 60


class SocketTicketQuerySet(models.QuerySet["SocketTicket"]):
    def issue(self, *, token: ApiToken | None = None, session_key: str = "") -> str:
        """The text of a new ticket; old ones that nobody used go."""
        self.filter(expires_at__lte=Now()).delete()
        text = secrets.token_urlsafe(32)
        ends = Now() + timedelta(seconds=LASTS_SECONDS)
        self.create(digest=digest(text), token=token, session_key=session_key, expires_at=ends)
        return text

    def take(self, text: str) -> "SocketTicket | None":
        """The ticket, which is none afterwards; None when it is none already."""
        with transaction.atomic():
            row = self.filter(digest=digest(text), expires_at__gt=Now()).first()
            if row is None or not self.filter(pk=row.pk).delete()[0]:
                return None
        return row


class SocketTicket(models.Model):
    digest = models.CharField(max_length=64, unique=True, editable=False)
    token = models.ForeignKey(ApiToken, models.CASCADE, null=True, related_name="+")
    # Where sessions live in signed cookies, the key is all that they hold.
    session_key = models.TextField(blank=True)
    expires_at = models.DateTimeField()

    objects = SocketTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("socket ticket")
        verbose_name_plural = _("socket tickets")

    def __str__(self) -> str:
        return str(self.pk)
