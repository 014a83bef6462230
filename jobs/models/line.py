"""Line: where jobs of a limited task wait, those with the same keys together."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import ClassVar

from django.db import models
from django.db.models import F, Max, Q
from django.db.models.functions import Now

from .job import Job
from .queryset import JobQuerySet
from .statement import Statement, shape, slots, update

OPEN = Q(priority__isnull=False, shut_at__isnull=True, opens_at__isnull=True)


# A pass lets in no more than this; then others have their turn at the gate.
MOST_AT_ONCE = 200


class LineQuerySet(models.QuerySet["Line"]):
    def open(self) -> "LineQuerySet":
        """Those in which somebody waits who may be let in, the first one first."""
        return self.filter(OPEN).order_by("-priority", "served", "head_at")

    def reopen(self, task: str) -> None:
        """Pass over none of them any more: the limits of their task are others now."""
        closed = Q(shut_at__isnull=False) | Q(opens_at__isnull=False)
        self.filter(closed, task=task).update(shut_at=None, opens_at=None)

    def note(self, names: Iterable[str], *, fair: bool = False) -> None:
        """Have each of these lines say who its first one is."""
        known = self.in_bulk(names)
        for name in names:
            head = Job.objects.in_line(name).first()
            line = known.get(name)
            if head is None:
                if line is not None and line.priority is not None:
                    self.filter(pk=name).update(priority=None, head_at=None)
            elif line is None:
                self._begin(name, head, fair)
            elif line.first != (head.priority, head.created_at) and not line.lead(head):
                self._begin(name, head, fair)  # it was cleared away meanwhile

    def clear(self, most: int) -> int:
        """Delete so many of those that nobody waits in; how many. One in which somebody waits
        but that does not know it begins anew when it is noted."""
        idle = self.filter(priority__isnull=True, opens_at__isnull=True).order_by()
        found: int = (
            self.filter(pk__in=list(idle.values_list("pk", flat=True)[:most]))
            .filter(priority__isnull=True)
            .delete()[0]
        )
        return found

    def _begin(self, name: str, head: Job, fair: bool) -> None:
        line = Line(name=name, task=head.task_id, concurrency_key=head.concurrency_key)
        line.rate_key, line.fair_key = head.rate_key, head.fair_key
        line.priority, line.head_at = head.priority, head.created_at
        if fair:
            kin = self.filter(task=line.task, fair_key=line.fair_key)
            line.served = kin.aggregate(last=Max("served"))["last"] or 0
        self.bulk_create([line], ignore_conflicts=True)


class Line(models.Model):
    """Hints for whoever admits the next job: who waits, how urgent, whose turn it is. The
    truth are the rows of the jobs; what is found to be wrong here is put right."""

    name = models.CharField(max_length=255, primary_key=True)
    task = models.CharField(max_length=255)
    concurrency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 (as the job's)
    rate_key = models.CharField(max_length=255, null=True)  # noqa: DJ001
    fair_key = models.CharField(max_length=255, null=True)  # noqa: DJ001
    # Of its first job; none while nobody waits.
    priority = models.PositiveSmallIntegerField(null=True)
    head_at = models.DateTimeField(null=True)
    # When its fair key had its last turn, as a number of `Gate.turn`.
    served = models.PositiveBigIntegerField(default=0)
    # Passed over: since when its concurrency key is full, until when its rate key is.
    shut_at = models.DateTimeField(null=True)
    opens_at = models.DateTimeField(null=True)

    objects = LineQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["task", "-priority", "served", "head_at"],
                condition=OPEN,
                name="line_open",
            ),
            models.Index(
                fields=["-priority", "served", "head_at"], condition=OPEN, name="line_open_any"
            ),
            models.Index(
                fields=["task", "concurrency_key"],
                condition=Q(shut_at__isnull=False),
                name="line_shut",
            ),
            models.Index(
                fields=["opens_at"], condition=Q(opens_at__isnull=False), name="line_opens"
            ),
            models.Index(fields=["task", "fair_key"], name="line_fair"),
        ]

    def __str__(self) -> str:
        return self.name

    def waiting(self) -> JobQuerySet:
        """Its jobs, the first one first."""
        return Job.objects.in_line(self.name)

    @property
    def first(self) -> tuple[int | None, datetime | None]:
        """Priority and age of whom it takes to be its first job."""
        return self.priority, self.head_at

    def lead(self, head: Job | None) -> bool:
        """Its first job is this one now; none: nobody waits. False: it is no more."""
        before = self.first
        self.priority = None if head is None else head.priority
        self.head_at = None if head is None else head.created_at
        if self.first == before:  # those asked for together are of one age
            return True
        told = {"priority": self.priority, "head_at": self.head_at}
        return Line.objects.filter(pk=self.pk).update(**told) > 0

    def shut(self, at: datetime) -> None:
        """Pass over it: its concurrency key is full."""
        Line.objects.filter(pk=self.pk).update(shut_at=at)


class Gate(models.Model):
    """What whoever admits jobs of a task holds meanwhile: one at a time."""

    # Of a task; `EVERY` where the whole site has a limit.
    name = models.CharField(max_length=255, primary_key=True)
    turn = models.PositiveBigIntegerField(default=0)
    passed_at = models.DateTimeField(db_default=Now())
    # When the next of a task with a rate may be let in, if that is why some wait.
    opens_at = models.DateTimeField(null=True, db_index=True)

    EVERY: ClassVar[str] = "*"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def hold(cls, name: str) -> "Gate":
        """Keep all others from it until the end of the transaction. `turn` is the first of
        `MOST_AT_ONCE` numbers of its own, `passed_at` now by the database's clock."""
        while True:
            found = _held().run({"name": name})
            if found:
                gate: Gate = found[0]
                return gate
            Gate.objects.bulk_create([Gate(name=name)], ignore_conflicts=True)

    def close_until(self, moment: datetime) -> None:
        """Nobody comes in before."""
        Gate.objects.filter(pk=self.pk).update(opens_at=moment)


@cache
def _held() -> Statement:
    """Each pass begins with it: its SQL is written once."""
    mine = Gate.objects.filter(**slots(Gate, 0, shape({"name": ""})))
    changes = {"turn": F("turn") + MOST_AT_ONCE, "passed_at": Now(), "opens_at": None}
    return update(mine, changes, ("name", "turn", "passed_at"))


class Pace(models.Model):
    """A rate as it stands: the theoretical moment of the next arrival (GCRA)."""

    task = models.CharField(max_length=255)
    rate_key = models.CharField(max_length=255, blank=True)
    next_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "rate_key"], name="pace_one_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.rate_key}"

    @classmethod
    def of(cls, task: str, key: str) -> datetime | None:
        """When the next one is due, if one came before."""
        row = cls.objects.filter(task=task, rate_key=key)
        return row.values_list("next_at", flat=True).first()

    @classmethod
    def keep(cls, task: str, key: str, next_at: datetime) -> None:
        Pace.objects.bulk_create(
            [Pace(task=task, rate_key=key, next_at=next_at)],
            update_conflicts=True,
            unique_fields=["task", "rate_key"],
            update_fields=["next_at"],
        )
