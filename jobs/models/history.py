"""What is kept of a job beside its row: tries that ended badly, what people and faults
did, its log, its counted errors."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from .job import Job
from .task import Task


class Attempt(models.Model):
    """One try that ended badly; the live one is columns on the job."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    worker = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(db_default=models.functions.Now())
    reason = models.TextField(blank=True)
    error_type = models.CharField(max_length=255, blank=True)
    error = models.TextField(blank=True)
    traceback = models.TextField(blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["job", "number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.number}"


class Event(models.Model):
    """Something a person or a fault did: who, what, before, after, why."""

    job = models.ForeignKey(Job, models.CASCADE, null=True, related_name="events")
    task = models.ForeignKey(
        Task, models.DO_NOTHING, null=True, db_constraint=False, related_name="events"
    )
    subject = models.CharField(max_length=255, blank=True)  # a queue, worker or schedule
    # Under whatever name it had then; the key of one that was deleted stays.
    schedule = models.ForeignKey(
        PeriodicTask, models.DO_NOTHING, null=True, blank=True, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    verb = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="event_newest"),
            # Those of the task itself are a few among those of all its jobs.
            models.Index(
                fields=["task", "-at"],
                condition=models.Q(job__isnull=True),
                name="event_of_task",
            ),
            # Of workers and queues, which have no other key here than their name.
            models.Index(
                fields=["subject", "-at"],
                condition=models.Q(job__isnull=True, task__isnull=True),
                name="event_of_subject",
            ),
            models.Index(
                fields=["schedule", "-at"],
                condition=models.Q(schedule__isnull=False),
                name="event_of_schedule",
            ),
            models.Index(
                fields=["verb", "-at"],
                condition=models.Q(schedule__isnull=False),
                name="event_of_schedules",
            ),
        ]

    def __str__(self) -> str:
        return self.verb


class LogChunk(models.Model):
    """Consecutive log lines of one job, one row per flush.

    `lines` is a list of `[time, level, text]`: ISO 8601 UTC, a lower-case level name,
    sanitised text. The first of them is line number `first`, counted from 1.
    """

    job = models.ForeignKey(Job, models.CASCADE, related_name="log_chunks")
    attempt = models.PositiveIntegerField()
    first = models.PositiveIntegerField()
    count = models.PositiveIntegerField()
    lines = models.JSONField()

    class Meta:
        ordering = ["job", "first"]
        constraints = [models.UniqueConstraint(fields=["job", "first"], name="log_chunk_once")]

    def __str__(self) -> str:
        return f"{self.job_id} from line {self.first}"


class JobError(models.Model):
    """One counted error of `job.error(item, message)`; the first thousand are kept."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="errors")
    attempt = models.PositiveIntegerField()
    item = models.TextField(blank=True)
    message = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["job", "id"]

    def __str__(self) -> str:
        return self.message


class Stack(models.Model):
    """Where the function of a job was when somebody last asked: its frames with their
    source lines, as a traceback has them."""

    job = models.OneToOneField(Job, models.CASCADE, related_name="stack")
    attempt = models.PositiveIntegerField()
    text = models.TextField()
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.job_id} #{self.attempt}"
