"""Worker: a process that takes messages, as it last told of itself."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from jobs.conf import configuration
from jobs.signals import thing_changed

from .queryset import from_now

FORGOTTEN_SECONDS = 30 * 86_400.0
_TOLD = ("pool", "slots", "others", "queues", "is_connected", "leaving_at", "heard_at")


class WorkerQuerySet(models.QuerySet["Worker"]):
    def heard(self) -> "WorkerQuerySet":
        """Those that told of themselves within one lease, by the database's clock."""
        return self.filter(_heard())

    def with_health(self) -> "WorkerQuerySet":
        """With `is_heard`: whether they did so."""
        heard = ExpressionWrapper(_heard(), output_field=BooleanField())
        return self.annotate(**{"is_heard": heard})

    def forget_old(self) -> None:
        self.filter(heard_at__lt=from_now(-FORGOTTEN_SECONDS)).delete()


def _heard() -> Q:
    return Q(heard_at__gt=from_now(-configuration().lease_seconds))


class Worker(models.Model):
    """Told with each renewal of its leases, so that no page has to ask the broker."""

    name = models.CharField(max_length=255, primary_key=True)
    pool = models.CharField(max_length=64, blank=True)
    slots = models.PositiveIntegerField(default=1)
    # What it runs beside jobs: plain Celery, and functions whose job was taken from them.
    others = models.PositiveIntegerField(default=0)
    queues = models.JSONField(default=list)
    is_connected = models.BooleanField(default=True)  # with the broker
    started_at = models.DateTimeField(db_default=Now())
    heard_at = models.DateTimeField(db_default=Now())
    leaving_at = models.DateTimeField(null=True)  # told to end: it takes nothing more
    # What it wrote where the files of jobs lie; empty until it has tried.
    marker = models.CharField(max_length=32, blank=True)

    objects = WorkerQuerySet.as_manager()
    is_heard: bool  # of `with_health`

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def tell(cls, name: str, facts: Mapping[str, Any], *, begins: bool = False) -> None:
        """It is there, and so it is. `begins`: since now."""
        row = Worker(name=name, heard_at=Now(), started_at=Now(), **facts)
        written = [*_TOLD, "started_at"] if begins else _TOLD
        Worker.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["name"], update_fields=written
        )
        if begins:
            thing_changed.send_robust(sender=None, topic="workers", pk=name)

    @classmethod
    def leave(cls, name: str) -> None:
        """It ends, and takes nothing more from now on."""
        cls.objects.filter(name=name).update(leaving_at=Now(), heard_at=Now())
        thing_changed.send_robust(sender=None, topic="workers", pk=name)

    @property
    def marker_place(self) -> str:
        """Under which name its marker lies among the files of jobs."""
        return f"workers/{hashlib.sha256(self.name.encode()).hexdigest()[:32]}"

    @property
    def takes(self) -> bool:
        """Whether a message in one of its queues can reach it; asked of those `with_health`."""
        return self.is_heard and self.is_connected and self.leaving_at is None
