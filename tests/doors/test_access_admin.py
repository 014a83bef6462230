"""Every page of ours in Django's admin × who asks × what they get. All may enter it."""

from copy import deepcopy
from typing import Any

import pytest
from django.contrib import admin
from django_celery_results.models import GroupResult, TaskResult

from jobs.models import ApiToken, Event, Grant, Queue, Role, SavedFilter, Worker
from jobs.states import State
from tests.nouns.test_workers import FACTS

from . import access, desk, rows
from .conftest import Make

APPS = ("jobs", "django_celery_beat", "django_celery_results")
MODELS = {
    model._meta.model_name: model
    for model in admin.site._registry
    if model._meta.app_label in APPS
}


@pytest.fixture(scope="module")
def made(make: Make) -> dict[str, Any]:
    return make(build)


@pytest.fixture
def world(made: dict[str, Any], db: None) -> dict[str, Any]:
    return deepcopy(made)


def build() -> dict[str, Any]:
    """People, and of each kind of page the row that it shows."""
    Worker.tell("main@node", FACTS)
    Queue.objects.note(["celery"])
    people = access.people(rows.task(), is_staff=True)
    owner, group = people["owner"], people["manager"].groups.get()
    job = rows.job(State.COMPLETED, owner=owner, group_id="group")
    entry = desk.schedule()
    shown = [
        job, job.task, entry, entry.interval,
        Event.objects.create(verb="edit", job=job),
        TaskResult.objects.create(task_id=job.pk),
        GroupResult.objects.create(group_id="group"),
        ApiToken.objects.issue(owner, ["read"])[0],
        SavedFilter.objects.keep(owner, "mine", "owner:me"),
        Worker.objects.get(), Queue.objects.get(pk="celery"),
        rows.artifact(job, "a.txt"),
        rows.backfill(rows.schedule()),
        Grant.objects.create(group=group, role=Role.VIEWERS, pattern="other.*"),
    ]  # fmt: skip
    return {"people": people, "rows": {type(row)._meta.model_name: row.pk for row in shown}}


def pages() -> set[str]:
    """`model page` of each address that is ours or replaces one of Celery's friends."""
    found = set()
    for name, model in MODELS.items():
        start = f"{model._meta.app_label}_{name}_"
        urls = admin.site._registry[model].get_urls()
        found |= {f"{name} {url.name.removeprefix(start)}" for url in urls if url.name}
    return found


def address(page: str, rows: dict[str, Any]) -> str:
    model, name = page.split()
    # Of the other kinds of timings there is no row: one that is not there.
    key = rows.get(model, 0)
    return desk.address(MODELS[model], name, *([] if name in ("changelist", "add") else [key]))


def test_every_address_has_its_row():
    asked = {asked.partition(" ")[2] for asked in access.table("admin")}
    assert pages() == asked, access.HINT


@pytest.mark.parametrize(("asked", "answers"), access.looks("admin"))
def test_each_role_gets_its_answer(world, asked, answers):
    page = address(asked.removeprefix("GET "), world["rows"])
    clients = access.browsers(world["people"])
    assert tuple(access.got(clients[role].get(page)) for role in access.ROLES) == answers


@pytest.mark.parametrize(("asked", "role", "answer"), access.deeds("admin"))
def test_each_role_does_what_it_may(world, asked, role, answer):
    page = address(asked.removeprefix("POST "), world["rows"])
    client = access.browser(world["people"], role)
    assert access.got(client.post(page)) == answer
