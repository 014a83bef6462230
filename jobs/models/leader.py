"""Leader: which process does what only one may do, by a lease in the database."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

_LONGEST_END = 48


class Leader(models.Model):
    """One row per office. A holder that stops renewing loses it when the lease ends."""

    RELAY: ClassVar[str] = "relay"
    SCHEDULES: ClassVar[str] = "schedules"
    # Held by whoever fires schedules beside us, for as long as that was noticed lately.
    STRANGER: ClassVar[str] = "another scheduler"
    # Before the end of the name of each beat that would lead if it could.
    STANDBY: ClassVar[str] = "standby:"

    office = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=255)
    term = models.PositiveBigIntegerField(default=1)
    taken_at = models.DateTimeField(db_default=Now())
    renewed_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    lag_seconds = models.FloatField(db_default=0.0)
    """How much too late the holder came to its last round."""

    def __str__(self) -> str:
        return f"{self.office}: {self.holder}"

    @classmethod
    def hold(cls, office: str, holder: str, seconds: float, lag_seconds: float = 0.0) -> bool:
        """Take or renew the office; False while somebody else has it."""
        end = Now() + timedelta(seconds=seconds)
        row = cls.objects.filter(office=office)
        told: dict[str, Any] = {"expires_at": end, "renewed_at": Now()}
        if row.filter(holder=holder).update(**told, lag_seconds=lag_seconds):
            return True
        vacant = row.filter(Q(expires_at__lte=Now()))
        told |= {"holder": holder, "term": F("term") + 1, "taken_at": Now(), "lag_seconds": 0.0}
        if vacant.update(**told):
            return True
        if row.exists():
            return False
        fresh = Leader(office=office, holder=holder, expires_at=end)
        Leader.objects.bulk_create([fresh], ignore_conflicts=True)
        return row.filter(holder=holder).exists()

    @classmethod
    def stand_by(cls, holder: str, seconds: float) -> None:
        """Tell that `holder` would fire schedules if nobody did."""
        cls.hold(cls._waiting(holder), holder, seconds)

    @classmethod
    def stand_by_no_more(cls, holder: str) -> None:
        """With those who ended without a word."""
        waiting = cls.objects.filter(office__startswith=cls.STANDBY)
        gone = Q(office=cls._waiting(holder)) | Q(expires_at__lte=Now())
        waiting.filter(gone).delete()

    @classmethod
    def _waiting(cls, holder: str) -> str:
        return cls.STANDBY + holder[-_LONGEST_END:]

    @classmethod
    def is_held(cls, office: str) -> bool:
        return cls.objects.filter(office=office, expires_at__gt=Now()).exists()

    @classmethod
    def resign(cls, office: str, holder: str) -> None:
        """Give the office up at once, so that a successor need not wait."""
        cls.objects.filter(office=office, holder=holder).update(expires_at=Now())
