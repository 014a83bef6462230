"""Rows as they stand in the database after real work, for pages to show."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jobs.execution.order import Order
from jobs.models import Artifact, Backfill, Job, LogChunk, Schedule, Task
from jobs.scheduling import backfill as backfilling
from jobs.states import ACTIVE, FINAL, SUCCESSFUL, State

ADD = "tests.sample_tasks.add"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def user(name: str, *groups: Group, **columns: Any) -> User:
    person = get_user_model().objects.create_user(name, password="secret", **columns)
    person.groups.set(groups)
    return person


def task(name: str = ADD, **columns: Any) -> Task:
    return Task.objects.create(name=name, **{"title": "Add", **columns})


def job(state: str = State.QUEUED, *, task: str = ADD, ago: float = 0, **columns: Any) -> Job:
    """A job as a worker would leave it in `state`, asked for `ago` seconds ago."""
    created = timezone.now() - timedelta(seconds=ago)
    rest: dict[str, Any] = {"created_at": created, "queued_at": created}
    if state in ACTIVE | SUCCESSFUL | {State.FAILED}:
        rest |= {"started_at": created, "attempt": 1, "worker": "main@node"}
    if state in ACTIVE:
        rest |= {"lease": "mine", "lease_expires_at": timezone.now() + timedelta(hours=1)}
    if state in FINAL:
        rest["finished_at"] = created + timedelta(seconds=2)
    return Job.objects.create(task_id=task, state=state, **rest | columns)


def schedule(name: str = "hourly", **columns: Any) -> PeriodicTask:
    """At each full hour in UTC."""
    crontab = CrontabSchedule.objects.get_or_create(minute="0", timezone="UTC")[0]
    policy = {name: columns.pop(name) for name in Schedule.POLICY if name in columns}
    given = {"task": ADD, "kwargs": '{"x": 1}', "crontab": crontab}
    made = PeriodicTask.objects.create(name=name, **given | columns)
    if policy:
        Schedule.objects.filter(pk=made.pk).update(**policy)
    return made


def backfill(entry: PeriodicTask, hours: int = 3, **columns: Any) -> Backfill:
    """As somebody asks for one, a day ago; none of its jobs was let go."""
    since = timezone.now() - timedelta(days=1)
    wish = backfilling.Wish(since, since + timedelta(hours=hours), **columns)
    return backfilling.start(entry, wish, Order(None, "The disk was full."))


def log(job: Job, *texts: str, level: str = "info", first: int = 1) -> None:
    """Consecutive lines in chunks of seven."""
    at = "2026-08-22T14:12:06.018Z"
    for start in range(0, len(texts), 7):
        lines = [[at, level, text] for text in texts[start : start + 7]]
        LogChunk.objects.create(
            job=job, attempt=1, first=first + start, count=len(lines), lines=lines
        )


def artifact(job: Job, name: str, body: bytes = b"bytes", **columns: Any) -> Artifact:
    made = Artifact(job=job, name=name, size=len(body), **columns)
    made.file.save(name, ContentFile(body))
    return made
