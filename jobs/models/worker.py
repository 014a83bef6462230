"""Worker: a process that takes messages, as it last told of itself."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from jobs.conf import configuration
from jobs.signals import thing_changed

from .queryset import from_now

FORGOTTEN_SECONDS = 30 * 86_400.0
# A worker that begins anew under the same name has nothing of this any more.
_ENDS: dict[str, Any] = {"left_at": None, "lost_at": None, "deaf_at": None, "leaving_at": None}


class WorkerQuerySet(models.QuerySet["Worker"]):
    def heard(self) -> "WorkerQuerySet":
        """Those that told of themselves within one lease, by the database's clock."""
        return self.filter(_heard())

    def with_health(self) -> "WorkerQuerySet":
        """With `is_heard`: whether they did so."""
        heard = ExpressionWrapper(_heard(), output_field=BooleanField())
        return self.annotate(**{"is_heard": heard})

    def there(self) -> "WorkerQuerySet":
        """Those that neither said farewell nor fell silent."""
        return self.heard().filter(left_at=None)

    def taking(self) -> "WorkerQuerySet":
        """Those that a message in one of their queues can reach."""
        return self.there().filter(is_connected=True, leaving_at=None, deaf_at=None)

    def lose_silent(self) -> list[str]:
        """Those that fell silent without a farewell are lost from now on; their names, each
        once."""
        silent = self.exclude(_heard()).filter(left_at=None, lost_at=None)
        names = silent.values_list("name", flat=True)
        return [name for name in names if silent.filter(name=name).update(lost_at=Now())]

    def forget_old(self) -> None:
        self.filter(heard_at__lt=from_now(-FORGOTTEN_SECONDS)).delete()
        Code.objects.exclude(pk__in=self.model.objects.values("code")).delete()


def _heard() -> Q:
    return Q(heard_at__gt=from_now(-configuration().lease_seconds))


class Code(models.Model):
    """What one state of the site's code has as tasks; all workers that run it share this."""

    fingerprint = models.CharField(max_length=32, primary_key=True)
    # By name of the task: a hash of what it may be given.
    tasks = models.JSONField(default=dict)
    # Since when it is run: a site that goes back to older code runs that anew.
    since = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-since", "fingerprint"]

    def __str__(self) -> str:
        return self.fingerprint

    @classmethod
    def runs(cls, fingerprint: str, tasks: Mapping[str, str]) -> None:
        """A worker begins with this code; that of no other is newer, unless somebody runs
        it already."""
        is_run = Worker.objects.there().filter(code=fingerprint).exists()
        known, is_new = cls.objects.get_or_create(
            fingerprint=fingerprint, defaults={"tasks": dict(tasks)}
        )
        if not (is_new or is_run):
            cls.objects.filter(pk=known.pk).update(since=Now())

    def lacks(self, newest: "Code") -> list[str]:
        """The tasks of the newest that this one does not know."""
        return sorted(set(newest.tasks) - set(self.tasks))

    def differs(self, newest: "Code") -> list[str]:
        """Those that take other parameters in the newest."""
        both = set(newest.tasks) & set(self.tasks)
        return sorted(name for name in both if self.tasks[name] != newest.tasks[name])


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
    left_at = models.DateTimeField(null=True)  # ended in order
    lost_at = models.DateTimeField(null=True)  # silent, and somebody noticed
    deaf_at = models.DateTimeField(null=True)  # alive, and takes nothing though there is
    host = models.CharField(max_length=255, blank=True)
    pid = models.PositiveIntegerField(null=True)
    version = models.CharField(max_length=32, blank=True)  # of Batuta
    celery = models.CharField(max_length=32, blank=True)
    python = models.CharField(max_length=32, blank=True)
    code = models.CharField(max_length=32, blank=True)  # the fingerprint of a `Code`
    # Of the machine, as `uptime` has it; None where it does not say.
    load = models.FloatField(null=True)
    memory = models.JSONField(default=list)  # MB of its own process, then of each child
    # Since it began: what it took, and what of that failed.
    processed = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    prefetched = models.PositiveIntegerField(default=0)
    # How far its clock goes before the database's; of that only, never used to judge.
    clock_offset_seconds = models.FloatField(null=True)
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
        told = {**(_ENDS if begins else {"lost_at": None}), **facts}
        row = Worker(name=name, heard_at=Now(), started_at=Now(), **told)
        written = [*told, "heard_at", *(["started_at"] if begins else [])]
        Worker.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["name"], update_fields=written
        )
        if begins:
            cls.changed(name)

    @classmethod
    def leave(cls, name: str) -> None:
        """It ends, and takes nothing more from now on."""
        ends = {"leaving_at": Coalesce("leaving_at", Now()), "left_at": Now()}
        cls.objects.filter(name=name).update(heard_at=Now(), **ends)
        cls.changed(name)

    @classmethod
    def changed(cls, name: str) -> None:
        """Pages that show it look again."""
        thing_changed.send_robust(sender=None, topic="workers", pk=name)

    @property
    def failed_percent(self) -> float | None:
        """Of what it took since it began."""
        return 100 * self.failed / self.processed if self.processed else None

    @property
    def marker_place(self) -> str:
        """Under which name its marker lies among the files of jobs."""
        return f"workers/{hashlib.sha256(self.name.encode()).hexdigest()[:32]}"

    @property
    def takes(self) -> bool:
        """Whether a message in one of its queues can reach it; asked of those `with_health`."""
        return (
            self.is_heard
            and self.is_connected
            and self.leaving_at is None
            and self.deaf_at is None
        )
