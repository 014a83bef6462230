"""Queue: where jobs stand in line, and whether they may leave it."""

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from jobs.signals import thing_changed


class Flow(models.TextChoices):
    """What a queue does with its jobs."""

    OPEN = "open", _("Open")
    PAUSED = "paused", _("Paused")
    """Nothing of it starts; what runs goes on."""
    DRAINING = "draining", _("Draining")
    """It takes in nothing new; what stood in line before still runs."""


class QueueQuerySet(models.QuerySet["Queue"]):
    def note(self, names: Iterable[str]) -> None:
        """Have a row for each; those that have one stay as they are."""
        rows = [Queue(name=name) for name in names]
        self.bulk_create(rows, ignore_conflicts=True)

    def closed(self) -> "QueueQuerySet":
        return self.exclude(flow=Flow.OPEN)

    def named(self) -> "QueueQuerySet":
        """Those that jobs can stand in: without the freeze."""
        return self.exclude(name=Queue.ALL)


class Queue(models.Model):
    """A row when it was noticed somewhere. The one named `ALL` is the freeze: to undo it
    brings back just what was, because it is a row of its own."""

    ALL: ClassVar[str] = "*"

    name = models.CharField(_("name"), max_length=255, primary_key=True)
    flow = models.CharField(_("state"), max_length=16, choices=Flow, default=Flow.OPEN)
    # Of the last change of that: who, when and why.
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    reason = models.TextField(blank=True)
    # Messages in the broker, as the relay counted them last; unknown is NULL.
    depth = models.PositiveIntegerField(null=True)
    depth_at = models.DateTimeField(null=True)

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def turn(self, flow: Flow, by: Any, reason: str) -> bool:
        """Open or close it; False when it was so already."""
        mine = Queue.objects.filter(pk=self.pk).exclude(flow=flow)
        told = {"changed_at": Now(), "changed_by": by, "reason": reason}
        if not mine.update(flow=flow, **told):
            return False
        about = {"topic": "queues", "pk": self.pk}
        transaction.on_commit(partial(thing_changed.send_robust, sender=None, **about))
        return True

    @property
    def is_open(self) -> bool:
        return self.flow == Flow.OPEN

    @property
    def is_paused(self) -> bool:
        return self.flow == Flow.PAUSED

    @property
    def is_draining(self) -> bool:
        return self.flow == Flow.DRAINING


def is_paused() -> Exists:
    """Of a job: whether its queue, or all of them, let nothing start."""
    its = Q(name=OuterRef("queue")) | Q(name=Queue.ALL)
    return Exists(Queue.objects.filter(its, flow=Flow.PAUSED))


def keeps_out() -> Q:
    """Of a job that is ready: whether it may not step into line. What has begun before is
    nothing new to a queue that is drained."""
    drained = Queue.objects.filter(name=OuterRef("queue"), flow=Flow.DRAINING)
    return Q(is_paused()) | Q(Exists(drained), attempt=0)
