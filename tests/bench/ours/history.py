"""A history as a team has it after some months: fifty owners, forty tasks, a thousand
schedules, most of it done. A thousand jobs are made by Python, the rest are older copies."""

import random
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jobs.models import Code, Grant, Job, LogChunk, Role, Task, Worker
from jobs.scheduling.replan import replan
from jobs.states import ACTIVE, FINAL, State

OWNERS, TASKS, SCHEDULES, NEWEST = 50, 40, 1000, 1000
SPACING = timedelta(minutes=1)
NAMES = [f"team{n % 4}.work.step{n}" for n in range(TASKS)]
FORGOTTEN = "legacy.report"
"""It ran at the beginning of all history, and never since."""

_STATES = (
    [State.COMPLETED] * 930 + [State.FAILED] * 40 + [State.COMPLETED_WITH_ERRORS] * 20
    + [State.QUEUED] * 6 + [State.RUNNING] * 2 + [State.CANCELLED] * 2
)  # fmt: skip


def write(jobs: int) -> None:
    dice = random.Random(1)
    owners = [User.objects.create_user(f"owner{n}") for n in range(OWNERS)]
    Task.objects.bulk_create(
        Task(name=name, title=name, tags=["t"]) for name in (*NAMES, FORGOTTEN)
    )
    schedules = _schedules()
    newest = [_job(n, dice, dice.choice(owners)) for n in range(NEWEST)]
    for job in newest[::3]:
        entry = dice.choice(schedules)
        job.schedule, job.due_at, job.task_id = entry, job.created_at, entry.task
    Job.objects.bulk_create(newest)
    _older(jobs // NEWEST - 1)
    oldest = Job.objects.order_by("created_at").values("pk")[:50]
    Job.objects.filter(pk__in=oldest).update(task=FORGOTTEN)
    LogChunk.objects.create(
        job=newest[0], attempt=1, first=1, count=500,
        lines=[["2026-01-01T00:00:00Z", "info", f"line {n}"] for n in range(500)],
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _schedules() -> list[PeriodicTask]:
    """Each task has some, at all times of the day."""
    lines = CrontabSchedule.objects.bulk_create(
        CrontabSchedule(minute=str(n % 60), hour=str(n % 24), timezone="UTC")
        for n in range(SCHEDULES // 10)
    )
    made = PeriodicTask.objects.bulk_create(
        PeriodicTask(name=f"s{n}", task=NAMES[n % TASKS], crontab=lines[n % len(lines)])
        for n in range(SCHEDULES)
    )
    while replan():
        pass
    return made


def workers(number: int = 200) -> None:
    """Of two releases with a hundred tasks each, half of their slots busy, heard for ever."""
    for code in ("older", "newest"):
        Code.runs(code, {name: code[:3] if n % 9 else "same" for n, name in enumerate(NAMES)})
    known = {
        "pool": "prefork", "slots": 4, "queues": ["celery", "slow"], "host": "node", "pid": 1,
        "load": 1.5, "memory": [100, 200, 200, 200, 200], "processed": 1000, "failed": 10,
    }  # fmt: skip
    for n in range(number):
        Worker.tell(f"w{n}@node", known | {"code": "newest" if n % 4 else "older"}, begins=True)
    Worker.objects.update(heard_at=timezone.now() + timedelta(days=1))
    Job.objects.bulk_create(
        Job(
            id=f"held-{n:04}", task_id=NAMES[n % TASKS], state=State.RUNNING, attempt=1,
            worker=f"w{n // 2}@node", started_at=timezone.now(), lease=f"held-{n}",
            lease_expires_at=timezone.now() + timedelta(days=1),
        )
        for n in range(2 * number)
    )  # fmt: skip


def people() -> dict[str, User]:
    """Who looks: each sees another part of it."""
    return {
        "owner": User.objects.get(username="owner1"),
        "viewer": _member("viewers", pattern=NAMES[3]),
        "manager": _member("managers", pattern="team1.*"),
        "latecomer": _member("viewers", pattern=FORGOTTEN),
        "stranger": User.objects.create_user("stranger"),
        "superuser": User.objects.create_superuser("root"),
    }


def _member(role: str, pattern: str) -> User:
    group = Group.objects.create(name=f"{role} of {pattern}")
    Grant.objects.create(group=group, role=Role(role), pattern=pattern)
    user = User.objects.create_user(group.name[:100], is_staff=True)
    user.groups.add(group)
    return user


def _job(number: int, dice: random.Random, owner: User) -> Job:
    state = dice.choice(_STATES)
    began = timezone.now() - number * SPACING / 10
    job = Job(
        id=f"job-{number:06}", task_id=dice.choice(NAMES), owner=owner, state=state,
        params={"x": number, "name": f"customer {number}"}, tags=["nightly"],
        created_at=began, queued_at=began, log_lines=3,
    )  # fmt: skip
    if state in ACTIVE:
        job.lease, job.lease_expires_at = "bench", timezone.now() + timedelta(days=1)
    if state not in (State.QUEUED,):
        job.started_at, job.attempt, job.worker = began, 1, "main@node"
    if state in FINAL:
        job.finished_at = began + timedelta(seconds=dice.random() * 60)
    if state == State.FAILED:
        job.error_type, job.error = "ValueError", f"customer {number} has no address"
    return job


def _older(copies: int) -> None:
    """Of those that ended, `copies` older ones each."""
    columns = [field.column for field in Job._meta.concrete_fields]
    moved = {name: f"{name} - copy * interval '100 minutes'" for name in
             ("created_at", "queued_at", "started_at", "finished_at", "due_at")}  # fmt: skip
    moved["id"] = "id || '-' || copy"
    taken = ", ".join(moved.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Job._meta.db_table} ({names}) SELECT {taken} "
            f"FROM {Job._meta.db_table}, generate_series(1, %s) AS copy "
            "WHERE finished_at IS NOT NULL",
            [copies],
        )
