"""Tasks: the catalogue, one of them, and the jobs that are asked of it."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from jobs import permissions, registry
from jobs.execution.policy import fingerprint
from jobs.models import Task
from jobs.models.shape import address
from jobs.reading import runs
from jobs.reading.catalogue import said
from jobs.reading.policy import policy, queue_of

from . import forms, shapes
from .answers import answer
from .asking import asked
from .auth import RUN, person
from .errors import CONFLICT, may_answer
from .jobs import router as jobs_router
from .kinds import Given, Key, Words
from .wishes import TaskWish, Wish, ask, key_of, read

PAGE, MOST = 50, 200
MOST_TEXT = 2_000
_ASKED = may_answer(shapes.Asked, 202, CONFLICT | {200: shapes.Asked})

router = Router(tags=["tasks"])


class TasksAsked(Given):
    q: Words = ""
    cursor: Key = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


@router.get("/tasks", response=may_answer(shapes.Tasks), summary="List tasks")
def tasks(request: HttpRequest, asked: Query[TasksAsked]) -> HttpResponse:
    """The tasks that you may see, by name; `q` looks in name, title, tags and text."""
    user = person(request)
    chosen = permissions.tasks(user).filter(said(asked.q), error="")
    recent = runs.last_runs(permissions.jobs(user))
    beyond = chosen.filter(name__gt=asked.cursor).annotate(recent=recent).order_by("name")
    found = list(beyond[: asked.limit + 1])
    allowed = set(permissions.tasks(user, "run").values_list("pk", flat=True))
    items = [_line(task, runs.told(task.recent), allowed) for task in found[: asked.limit]]
    after = found[asked.limit - 1].name if len(found) > asked.limit else None
    return answer({"items": items, "next": after, "count": chosen.count()})


# The longer address first: a name may hold slashes.
@router.post(
    "/tasks/{key:name}/jobs",
    auth=RUN,
    response=_ASKED,
    openapi_extra={"requestBody": forms.body_of(Wish)},
    summary="Ask for a job",
)
def run(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a job of this task: 202. The same `idempotency_key` (or header
    `Idempotency-Key`) with the same wish finds its job: 200; with another one: 409. With
    the header `Prefer: wait=20` the whole job is answered when it ends in time: 200."""
    permissions.task(person(request), "run", name)
    wish = read(Wish, forms.wish_of(request, name), is_text=forms.is_form(request))
    wish.idempotency_key = key_of(request, wish.idempotency_key)
    return asked(request, *ask(request, name, wish))


@router.get("/tasks/{key:name}", response=may_answer(shapes.TaskOut), summary="One task")
def task(request: HttpRequest, name: str) -> HttpResponse:
    """With the JSON Schema of its parameters, how its jobs run, and how the last of those
    that you may see went."""
    return shown(request, name)


def shown(request: HttpRequest, name: str) -> HttpResponse:
    """One task, to who may see it."""
    user = person(request)
    row = permissions.task(user, "view", name)
    mine = runs.of(permissions.jobs(user).filter(task=name))
    allowed = {name} if permissions.may(user, "run", row) else set()
    holds = policy(row)
    about = {"policy": asdict(holds) if holds else None, "parameters": _schema(name)}
    return answer(_line(row, mine, allowed) | about | {"seen": fingerprint(row)})


@jobs_router.post(
    "/jobs",
    auth=RUN,
    response=_ASKED,
    summary="Ask for a job of any task",
)
def run_any(request: HttpRequest, given: TaskWish) -> HttpResponse:
    """The same, with the name of the task in the body."""
    given.idempotency_key = key_of(request, given.idempotency_key)
    return asked(request, *ask(request, given.task, given))


def _line(task: Task, last: runs.Runs, allowed: set[str]) -> dict[str, Any]:
    return {
        "name": task.name,
        "title": task.title,
        "description": task.description[:MOST_TEXT],
        "tags": task.tags,
        "enabled": task.enabled,
        "is_runnable": task.is_runnable,
        "may_run": task.name in allowed,
        "queue": queue_of(task),
        "stats": _stats(last),
        "url": address("jobs:task", task.name),
    }


def _stats(last: runs.Runs) -> dict[str, Any]:
    """Of the last runs that the asker may see."""
    return {
        "runs": len(last.runs),
        "failed": last.failed,
        "with_errors": last.with_errors,
        "completed_percent": last.completed_percent,
        "usual_seconds": last.usual,
        "longest_seconds": last.longest,
    }


def _schema(name: str) -> dict[str, Any] | None:
    try:
        return registry.get(name).parameters.schema
    except registry.UnknownTask:  # known to other processes only
        return None
