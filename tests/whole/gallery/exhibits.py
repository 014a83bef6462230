"""What hangs in the gallery: rows as weeks of work and one bad night leave them."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from jobs.execution import rollcall
from jobs.execution.order import Order
from jobs.models import (
    ApiToken,
    Code,
    Event,
    Flow,
    Grant,
    Job,
    Leader,
    Overlap,
    Queue,
    Role,
    Route,
    SavedFilter,
    Stack,
    Task,
    Worker,
)
from jobs.scheduling.backfill import advance, cancel
from jobs.states import Requested, State, WaitingFor
from project.tasks.images import process_images
from tests.doors import form_tasks, rows
from tests.doors.desk import schedule
from tests.nouns.test_workers import FACTS

from . import clockwork, parts

IMAGES = process_images.name
MAILS, LEDGER, BROKEN = "shop.mails.send_newsletter", "shop.ledger.close_the_day", "shop.stock"
MANY_KINDS, UPLOADS = form_tasks.many_kinds.name, form_tasks.uploads.name
PARAMS: dict[str, dict[str, Any]] = {
    IMAGES: {"operations": ["resize", "enhance"], "max_side": 1600},
    MAILS: {"list": "customers", "language": "es", "dry_run": False},
    LEDGER: {"shop": 17, "day": "2026-08-21"},
}
TOLD: dict[str, dict[str, Any]] = {
    "pending": {"waiting_for": WaitingFor.TIME, "tags": ["night"]},
    "queued": {"rings": 1},
    "retrying": {
        "attempt": 1,
        "retries": 1,
        "max_retries": 3,
        "reason": "OperationalError: too many connections",
    },
    "paused": {"attempt": 1, "reason": "Make room for the mails."},
    "validating": {},
    "running": {"note": "For the autumn catalogue.", "tags": ["autumn", "urgent"]},
    "completed": {"attempt": 2, "ago": 640},
    "completed_with_errors": {"errors_count": 3},
    "failed": parts.FAILURE | {"attempt": 3, "retries": 2, "max_retries": 2, "ago": 640},
    "cancelled": {"reason": "Wrong list."},
    "expired": {"reason": "It was not started in time."},
    "skipped": {"reason": "The run before it was still going on."},
}


def hang(admin: User) -> dict[str, Job]:
    """Fill the tables; the jobs that have a page of their own, by the name of their state."""
    colleague = rows.user("berta", first_name="Berta", last_name="Lindqvist")
    _catalogue()
    _history(admin)
    _people(admin)
    jobs = {state: _one(State(state), admin, **told) for state, told in TOLD.items()}
    jobs |= _asked(admin, colleague) | _stuck(admin) | _refused(admin)
    jobs |= clockwork.hang(admin, colleague, [IMAGES, MAILS, LEDGER])
    for name in ("completed", "completed_with_errors", "failed", "running", "paused"):
        parts.furnish(jobs[name])
    Event.objects.create(
        job=jobs["paused"],
        actor=colleague,
        verb="pause",
        reason="Make room.",
        at=jobs["paused"].created_at,
    )
    Event.objects.create(
        job=jobs["cancelled"],
        actor=admin,
        verb="cancel",
        reason="Wrong list.",
        at=jobs["cancelled"].created_at,
    )
    return jobs


def _catalogue() -> None:
    rows.task(IMAGES, title="Process images", tags=["images"], description="Resize pictures.")
    rows.task(MAILS, title="Send the newsletter", tags=["mails", "customers"])
    rows.task(LEDGER, title="Close the day", tags=["ledger"], enabled=False)
    rows.task(MANY_KINDS, title="Many kinds")
    rows.task(UPLOADS, title="Uploads")
    rows.task(BROKEN, title=BROKEN, error="Traceback:\nNameError: name 'stok' is not defined")
    rows.task("shop.old.tidy", title="Tidy", missing_at=timezone.now() - timedelta(days=2))
    Event.objects.create(
        task_id=LEDGER,
        verb="policy",
        after={"enabled": False},
        reason="The ledger moves house.",
    )


def _history(admin: User) -> None:
    """A month of runs, so that there is a usual; and one cause that came back."""
    for number in range(12):
        lasted = 30 + 7 * (number % 5)
        began = timezone.now() - timedelta(hours=2 * number + 2)
        rows.job(
            State.COMPLETED, task=IMAGES, owner=admin, params=PARAMS[IMAGES],
            created_at=began, queued_at=began, started_at=began + timedelta(seconds=1),
            finished_at=began + timedelta(seconds=lasted),
        )  # fmt: skip
    for ago in (400, 4000, 9000):
        _one(State.FAILED, admin, task=MAILS, ago=ago, **parts.FAILURE)
    lost = {"reason": "Its worker was lost, and no attempt is left.", "lost": 3}
    _one(State.FAILED, admin, task=LEDGER, ago=1800, worker="night@node-b", **lost)


def _people(admin: User) -> None:
    Worker.tell("main@node-a", FACTS | {"slots": 2})
    _workers()
    Leader.hold(Leader.RELAY, "beat@node-a", 3600)
    Queue.objects.note(["celery", "media", "night"])
    Route.objects.replace([("billing.*", "media"), (f"{'a' * 150}.*", "q" * 120)])
    Queue(name="media").turn(Flow.PAUSED, admin, "The disk of node-d is being replaced.")
    editors = Group.objects.create(name="editors")
    Grant.objects.create(group=editors, role=Role.RUNNERS, pattern="shop.*").save()
    Task.objects.get(pk=IMAGES).viewers.add(editors)
    SavedFilter.objects.keep(admin, "Failed mails", "state:failed task:mails since:2d")
    SavedFilter.objects.keep(admin, "Mine of today", "owner:me since:1d")
    ApiToken.objects.issue(admin, ["read", "run"], name="nightly export", days=9)
    ApiToken.objects.issue(admin, ["read"], name="wall screen", days=90)
    _schedules(admin)


def _workers() -> None:
    """One in each state beside the one that is well."""
    for code, tasks in (("0f12ab34", {MAILS: "1"}), ("9e8d7c6b", {MAILS: "2", IMAGES: "1"})):
        Code.runs(code, tasks)
    now, weighs = timezone.now(), {"load": 1.2, "memory": [120, 240, 250], "slots": 4}
    newest = {"code": "9e8d7c6b", "host": "node-a", "pid": 4711, **weighs}
    rollcall.begin("main@node-a", FACTS | newest | {"slots": 2, "processed": 800, "failed": 9})
    others = {
        "older": {"code": "0f12ab34"}, "deaf": {"deaf_at": now}, "cut": {"is_connected": False},
        "leaving": {"leaving_at": now}, "wide": {"slots": 200, "queues": ["a" * 200]},
    }  # fmt: skip
    for name, facts in others.items():
        Worker.tell(f"{name}@node-b", FACTS | newest | facts)
    Worker.objects.update(heard_at=now + timedelta(hours=1))
    Worker.tell("lost@node-c", FACTS | newest | {"lost_at": now})
    Worker.objects.filter(pk="lost@node-c").update(heard_at=now - timedelta(minutes=4))


def _schedules(admin: User) -> None:
    letters = schedule("newsletter", MAILS, kwargs='{"list": "customers"}')
    schedule("close the day", LEDGER)
    ends = [State.COMPLETED] * 3 + [State.FAILED, State.COMPLETED_WITH_ERRORS, State.SKIPPED]
    for number, state in enumerate(ends):
        due_at = timezone.now() - timedelta(minutes=50 * number)
        rows.job(state, task=MAILS, schedule=letters, due_at=due_at, created_at=due_at)
    night = rows.schedule("pictures of each hour", task=rows.ADD, overlap=Overlap.SKIP)
    cancelled = rows.backfill(night, 2)
    cancel(cancelled, Order(admin, "The wrong day."))
    rows.backfill(night, 20, concurrency=2)
    advance()


def _one(state: State, owner: User, **columns: Any) -> Job:
    """A job in `state` with something to say."""
    task = columns.get("task", IMAGES)
    known: dict[str, Any] = {"owner": owner, "params": PARAMS.get(task, {}), "ago": 95}
    if state == State.RUNNING:
        known |= {"progress": parts.PROGRESS | {"steps": parts.steps()}, "time_limit": 600}
    if state in {State.PENDING, State.RETRYING}:
        known |= {"not_before": timezone.now() + timedelta(minutes=35)}
    if state == State.EXPIRED:
        known |= {"expires_at": timezone.now() - timedelta(seconds=90)}
    if state in {State.COMPLETED, State.COMPLETED_WITH_ERRORS}:
        known |= {"result": parts.RESULT, "progress": {"steps": parts.steps()}}
    return rows.job(state, **{"task": IMAGES, **known, **columns})


def _asked(admin: User, colleague: User) -> dict[str, Job]:
    """Something was asked of a running job which it has not done yet."""
    asked = {}
    for verb in (Requested.PAUSE, Requested.CANCEL):
        job = _one(
            State.RUNNING, admin, task=MAILS, requested=verb, requested_at=timezone.now()
        )
        Event.objects.create(job=job, actor=colleague, verb=verb, reason="The mails go first.")
        asked[f"asked-to-{verb}"] = job
    return asked


def _stuck(admin: User) -> dict[str, Job]:
    """One fell silent and showed its stack, one holds the line up, one serves nobody."""
    since = timezone.now() - timedelta(minutes=6)
    quiet = {"stall_after": timedelta(minutes=5), "stalled_at": since, "reported_at": since}
    silent = _one(State.RUNNING, admin, task=LEDGER, ago=900, stack_asked_at=since, **quiet)
    Stack.objects.create(job=silent, attempt=1, text=parts.STACK, taken_at=since)
    nobody = _one(State.QUEUED, admin, task=MAILS, queue="reports", ago=700)
    off = _one(State.PENDING, admin, task=LEDGER, waiting_for=WaitingFor.TASK, not_before=None)
    start = {"waiting_for": WaitingFor.START, "not_before": None}
    held = _one(State.PENDING, admin, task=MANY_KINDS, **start)
    return {"silent": silent, "no-worker": nobody, "task-off": off, "held": held}


def _refused(admin: User) -> dict[str, Job]:
    misfit = {"count": ["Input should be less than or equal to 10"], "colour": ["Unknown."]}
    given = {"params": {"count": 70, "colour": "red"}, "field_errors": misfit}
    given |= {"started_at": None, "worker": ""}
    told = {"reason": "Its parameters do not fit its task any more."}
    return {"misfit": _one(State.FAILED, admin, task=MANY_KINDS, attempt=0, **given, **told)}
