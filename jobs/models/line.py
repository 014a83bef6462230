"""Line: where jobs of a limited task wait, those with the same keys together."""

from django.db import models
from django.db.models import Q

OPEN = Q(priority__isnull=False, shut_at__isnull=True, opens_at__isnull=True)


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


class Gate(models.Model):
    """What whoever admits jobs of a task holds meanwhile: one at a time."""

    # Of a task; `EVERY` where the whole site has a limit.
    name = models.CharField(max_length=255, primary_key=True)
    turn = models.PositiveBigIntegerField(default=0)
    # When the next of a task with a rate may be let in, if that is why some wait.
    opens_at = models.DateTimeField(null=True, db_index=True)

    EVERY = "*"

    def __str__(self) -> str:
        return self.name


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
