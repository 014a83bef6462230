"""Job: one thing to run, from the moment it is asked for to its end."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.base import ModelState
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from jobs.states import ACTIVE, FINAL, Requested, State, WaitingFor

from .backfill import Backfill
from .ids import new_id
from .indexes import INDEXES
from .insertion import insert, insert_many
from .queryset import JobQuerySet
from .task import Task


class OnLost(models.TextChoices):
    """What becomes of a job whose worker died."""

    RETRY = "retry", _("run it again")
    HOLD = "hold", _("fail it, a person looks")


class Job(models.Model):
    """The row is the truth and its own outbox: it holds all that is needed to ring
    a worker again. It changes only through `JobQuerySet.move` and the verbs above it."""

    id = models.CharField(primary_key=True, max_length=255, default=new_id)
    # No constraint: a job may name a task that only other workers know.
    task = models.ForeignKey(
        Task,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,  # `job_of_task` begins with it, as `job_of_owner` does with the owner
        db_column="task",
        related_name="jobs",
    )
    state = models.CharField(max_length=24, choices=State, default=State.QUEUED)
    waiting_for = models.CharField(max_length=16, choices=WaitingFor, blank=True)
    requested = models.CharField(max_length=16, choices=Requested, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)
    # Since when somebody waits to see where its function is (`Stack` is the answer).
    stack_asked_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
    )
    # Named parameters as JSON, secrets sealed. For callers in code `arguments` holds
    # what was sent, as kombu's typed JSON of [args, kwargs], and `params` only shows it.
    params = models.JSONField(default=dict, blank=True)
    arguments = models.TextField(blank=True)
    # Errors of each parameter, where they do not fit the task (any more). Of a call from
    # code: None when nobody has judged it.
    field_errors = models.JSONField(null=True, blank=True)
    # Celery's options of the message (canvas, links, headers, shadow, …), as kombu's
    # typed JSON too: a link may carry a datetime.
    options = models.TextField(blank=True)
    ignore_result = models.BooleanField(default=False)
    queue = models.CharField(max_length=255, default="celery")
    priority = models.PositiveSmallIntegerField(default=5)
    soft_time_limit = models.FloatField(null=True, blank=True)
    time_limit = models.FloatField(null=True, blank=True)
    # How long a running job may take to obey before it may be terminated.
    grace = models.DurationField(default=timedelta(seconds=10))
    # Silent (no progress, no log) for so long it is flagged as stalled, since `stalled_at`.
    stall_after = models.DurationField(null=True, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    stalled_at = models.DateTimeField(null=True, blank=True)
    on_lost = models.CharField(max_length=8, choices=OnLost, default=OnLost.RETRY)
    tags = models.JSONField(default=list, blank=True)
    note = models.TextField(blank=True)

    # Counters: `attempt` is the fencing token, `retries` Celery's, `lost` dead workers.
    attempt = models.PositiveIntegerField(default=0)
    retries = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    max_retries = models.PositiveIntegerField(null=True, blank=True)
    # The next attempt, or the live one, is the last: the task's fallback.
    falls_back = models.BooleanField(default=False)
    lease = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 (no lease is NULL, as the constraint says)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=255, blank=True)

    # The doorbell: when the relay is to ring for this row (again), and how often it did.
    ring_at = models.DateTimeField(null=True, blank=True)
    rings = models.PositiveIntegerField(default=0)
    # Ready, but its queue is closed: since then it waits for that one.
    halted_at = models.DateTimeField(null=True, blank=True)

    # For the limits of its task: with whom it shares a limit, with whom a rate, and with whom
    # it takes turns. `line` is where it waits (see `Line`), in it since `lined_at`; it holds
    # one of the places of its task since `admitted_at`, until it is neither queued nor active.
    concurrency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (none is NULL, for the indexes)
    rate_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    fair_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    line = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    lined_at = models.DateTimeField(null=True, blank=True)
    admitted_at = models.DateTimeField(null=True, blank=True)

    progress = models.JSONField(null=True, blank=True)
    checkpoint = models.JSONField(null=True, blank=True)
    log_lines = models.PositiveIntegerField(default=0)
    errors_count = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True, blank=True)
    error_type = models.CharField(max_length=255, blank=True)
    error = models.TextField(blank=True)
    traceback = models.TextField(blank=True)

    schedule = models.ForeignKey(
        PeriodicTask,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,  # `job_of_schedule` begins with it, and leaves out all others
        related_name="+",
    )
    due_at = models.DateTimeField(null=True, blank=True)
    # Past moments that were run on purpose stand beside the fires of the same moments.
    # `job_one_per_backfill` begins with it.
    backfill = models.ForeignKey(
        Backfill, models.PROTECT, null=True, blank=True, db_index=False, related_name="jobs"
    )
    retry_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="retried_as"
    )
    root_id = models.CharField(max_length=255, blank=True)
    parent_id = models.CharField(max_length=255, blank=True)
    group_id = models.CharField(max_length=255, blank=True)

    not_before = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at", "-id"]
        permissions = [
            ("view_all", _("Can see every job")),
            ("run_any", _("Can run every task")),
            ("control_workers", _("Can control workers")),
            ("control_queues", _("Can control queues")),
            ("manage_schedules", _("Can manage every schedule")),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_active_has_lease",
                condition=Q(
                    state__in=sorted(ACTIVE),
                    lease__isnull=False,
                    lease_expires_at__isnull=False,
                )
                | ~Q(state__in=sorted(ACTIVE))
                & Q(lease__isnull=True, lease_expires_at__isnull=True),
            ),
            models.CheckConstraint(
                name="job_final_has_end",
                condition=Q(state__in=sorted(FINAL), finished_at__isnull=False)
                | (~Q(state__in=sorted(FINAL)) & Q(finished_at__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["schedule", "due_at"],
                condition=Q(due_at__isnull=False, backfill__isnull=True),
                name="job_one_per_fire",
            ),
            models.UniqueConstraint(
                fields=["backfill", "due_at"],
                condition=Q(backfill__isnull=False),
                name="job_one_per_backfill",
            ),
        ]
        indexes = INDEXES

    def __str__(self) -> str:
        return self.id

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        """As Django's own, which hashes the words of all states to find that of one."""
        return str(State(self.state).label)

    def like(self, **columns: Any) -> "Job":
        """Another one that is not stored yet either, with these columns in place of its
        own; at a tenth of the price of a new one."""
        other = Job.__new__(Job)
        other.__dict__ = self.__dict__ | columns | {"_state": ModelState()}
        return other

    def insert(self) -> None:
        """As `save(force_insert=True)`, in less time: every call of a task comes here."""
        insert(self)

    @classmethod
    def insert_many(cls, jobs: Iterable["Job"]) -> None:
        """The same for many; those that have their row already get no second one."""
        insert_many(cls, jobs)

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def max_attempts(self) -> int | None:
        """How often the job may be tried; None means without end."""
        return None if self.max_retries is None else self.max_retries + 1

    def facts(self) -> dict[str, Any]:
        """The payload of a live `state` message (DESIGN §5), JSON-ready."""
        return {
            "task_id": self.id,
            "seq": self.version,
            "status": self.state,
            "requested": self.requested,
            "waiting_for": self.waiting_for,
            "reason": self.reason,
            "attempt": self.attempt,
            "worker": self.worker,
        } | {
            name: moment.isoformat() if (moment := getattr(self, name)) else None
            for name in (
                "created_at",
                "queued_at",
                "started_at",
                "finished_at",
                "not_before",
                "stalled_at",
            )
        }
