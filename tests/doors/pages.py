"""The addresses of our pages, and a world in which each of them shows something."""

from typing import Any

from django.urls import reverse

from jobs.models import ApiToken, Queue, SavedFilter, Worker
from jobs.states import State
from tests.nouns.test_workers import FACTS

from . import access, rows

PAGES = access.table("page")
SHOWN = [asked.removeprefix("GET ") for asked in PAGES if asked.startswith("GET ")]
POSTED = [asked.removeprefix("POST ") for asked in PAGES if asked.startswith("POST ")]


def world() -> dict[str, Any]:
    """A job with a file, and people who stand in each relation to it."""
    people = access.people(rows.task())
    job = rows.job(State.FAILED, owner=people["owner"], traceback="SECRET FRAME")
    file = rows.artifact(job, "a.png", rows.PNG, thumbnail=rows.PNG)
    text = rows.artifact(job, "a.txt")
    token, _text = ApiToken.objects.issue(people["owner"], ["read"])
    saved = SavedFilter.objects.keep(people["owner"], "mine", "owner:me")
    schedule = rows.schedule("daily")
    Worker.tell("main@node", FACTS)
    Queue.objects.note(["celery"])
    found = {"people": people, "job": job, "file": file, "text": text}
    found |= {"schedule": schedule, "backfill": rows.backfill(schedule)}
    return found | {"token": token, "saved": saved}


def address(name: str, world: dict[str, Any]) -> str:
    given = {
        "task": [rows.ADD],
        "task_access": [rows.ADD],
        "policy": [rows.ADD],
        "artifact": [world["job"].pk, world["file"].pk],
        "thumbnail": [world["job"].pk, world["file"].pk],
        "preview": [world["job"].pk, world["text"].pk],
        "verb": [world["job"].pk, "cancel"],
        "revoke_token": [world["token"].pk],
        "fire_schedule": [world["schedule"].pk],
        "backfill": [world["schedule"].pk],
        "backfilled": [world["schedule"].pk, world["backfill"].pk],
        "cancel_backfill": [world["schedule"].pk, world["backfill"].pk],
        "saved_filter": [world["saved"].pk],
        "schedule": [world["schedule"].pk],
        "edit_schedule": [world["schedule"].pk],
        "worker": ["main@node"],
        "queue": ["celery"],
        "queue_verb": ["celery", "pause"],
        "purge_queue": ["celery"],
        "move_queue": ["celery"],
        "ask_worker": ["main@node", "ping"],
        "worker_verb": ["main@node", "shutdown"],
        "schedule_verb": [world["schedule"].pk, "pause"],
    }
    plain = {"home", "tasks", "jobs", "export", "suggest", "columns", "filters", "tokens",
             "calendar", "timeline", "schedules", "workers", "queues", "routes", "freeze",
             "schedule_preview", "new_schedule"}  # fmt: skip
    if name == "bulk":
        return f"{reverse('jobs:bulk')}?verb=cancel&job={world['job'].pk}"
    if name == "schedule_bulk":
        key = world["schedule"].pk
        return f"{reverse('jobs:schedule_bulk')}?verb=disable&schedule={key}"
    return reverse(
        f"jobs:{name}", args=[] if name in plain else given.get(name, [world["job"].pk])
    )
