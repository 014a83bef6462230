"""By what jobs are found: each index is there for a question that is asked all the time."""

from django.db import models
from django.db.models import Q

from jobs.states import FINAL, State

INDEXES = [
    models.Index(fields=["-created_at", "-id"], name="job_newest"),
    models.Index(fields=["task", "-created_at"], name="job_of_task"),
    models.Index(fields=["owner", "-created_at"], name="job_of_owner"),
    models.Index(
        fields=["schedule", "-created_at"],
        condition=Q(schedule__isnull=False),
        name="job_of_schedule",
    ),
    models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="job_due"),
    models.Index(
        fields=["schedule"],
        condition=Q(schedule__isnull=False, finished_at__isnull=True),
        name="job_live_of_schedule",
    ),
    models.Index(
        fields=["backfill", "due_at"],
        condition=Q(backfill__isnull=False, finished_at__isnull=True),
        name="job_live_of_backfill",
    ),
    # Some of these ends never came: to look for them must not read all history.
    models.Index(
        fields=["state", "-created_at", "-id"],
        condition=Q(state__in=sorted(FINAL - {State.COMPLETED})),
        name="job_ended_otherwise",
    ),
    # In a long history of somebody's own most went well.
    models.Index(
        fields=["owner", "-created_at"],
        condition=Q(state__in=sorted(FINAL - {State.COMPLETED})),
        name="job_of_owner_ended_otherwise",
    ),
    models.Index(
        fields=["task", "-created_at"],
        condition=Q(state__in=sorted(FINAL - {State.COMPLETED})),
        name="job_of_task_ended_otherwise",
    ),
    # Of conditions SQLite understands no others than these: IS NULL, IS NOT NULL.
    models.Index(
        fields=["state", "not_before"],
        condition=Q(finished_at__isnull=True),
        name="job_live",
    ),
    models.Index(
        fields=["queue", "-priority", "created_at"],
        condition=Q(ring_at__isnull=False),
        name="job_turn",
    ),
    models.Index(
        fields=["queue", "ring_at"],
        condition=Q(ring_at__isnull=False),
        name="job_rung",
    ),
    models.Index(
        fields=["queue", "-priority", "created_at"],
        condition=Q(halted_at__isnull=False),
        name="job_halted",
    ),
    # Of each queue those that began last: how long they waited, how many a minute.
    models.Index(
        fields=["queue", "-started_at"],
        condition=Q(started_at__isnull=False),
        name="job_begun",
    ),
    models.Index(
        fields=["expires_at"],
        condition=Q(expires_at__isnull=False),
        name="job_expiring",
    ),
    models.Index(
        fields=["lease_expires_at"],
        condition=Q(lease_expires_at__isnull=False),
        name="job_leased",
    ),
    # Written when a job fails, never on the happy path.
    models.Index(fields=["-finished_at"], condition=Q(state=State.FAILED), name="job_failed"),
    models.Index(fields=["group_id"], condition=~Q(group_id=""), name="job_of_group"),
    models.Index(fields=["parent_id"], condition=~Q(parent_id=""), name="job_of_parent"),
    # Who is next in a line, and who holds the places of a task.
    models.Index(
        fields=["line", "-priority", "created_at"],
        condition=Q(lined_at__isnull=False),
        name="job_in_line",
    ),
    models.Index(
        fields=["task", "concurrency_key"],
        condition=Q(admitted_at__isnull=False),
        name="job_admitted",
    ),
]
