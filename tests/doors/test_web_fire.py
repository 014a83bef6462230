"""The page on which a schedule is fired with other parameters."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.models import Event, Job
from jobs.params.kept import opened
from jobs.scheduling import given
from tests.sample_tasks import log_in

from . import rows
from .desk import LOG_IN
from .programs import Program

SECRETS = {"password": "hush", "token": "key-of-mine"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]


@pytest.fixture
def manager(client: Client) -> Client:
    group = Group.objects.create(name="managers")
    rows.task().managers.add(group)
    rows.task(LOG_IN).managers.add(group)
    client.force_login(rows.user("manager", group))
    return client


def fired(client: Client, entry: PeriodicTask, **fields: Any) -> Any:
    address = reverse("jobs:fire_schedule", args=[entry.pk])
    page = client.get(address)
    shown = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    plain = {name: value for name, value in shown.items() if value is not None}
    return client.post(address, {**plain, "job-ticket": page.context["ticket"], **fields})


def test_as_it_is_or_with_others_and_the_event_tells_which(manager):
    entry = rows.schedule()
    fired(manager, entry, reason="the numbers were wrong")
    fired(manager, entry, **{"given-x": "7"})
    first, second = Job.objects.filter(schedule=entry).order_by("created_at")
    assert (first.params["x"], first.note, first.due_at) == (1, "the numbers were wrong", None)
    assert (second.params["x"], second.owner.username) == (7, "manager")
    told = Event.objects.filter(verb="run").order_by("id")
    assert [(event.after, event.reason) for event in told] == [
        (None, "the numbers were wrong"),
        ({"params": {"x": 7}}, ""),
    ]
    entry.refresh_from_db()
    assert json.loads(entry.kwargs) == {"x": 1}


def test_sent_twice_it_is_one_job(manager):
    entry = rows.schedule()
    address = reverse("jobs:fire_schedule", args=[entry.pk])
    ticket = manager.get(address).context["ticket"]
    sent = {"given-x": "1", "job-ticket": ticket}
    assert len({manager.post(address, sent)["Location"] for _click in range(2)}) == 1
    assert Job.objects.count() == 1


def test_what_the_task_does_not_take_is_told_on_its_field(manager):
    entry = rows.schedule()
    reply = fired(manager, entry, **{"given-x": "many"})
    assert reply.status_code == 422
    assert "given-x" in reply.context["form"].errors
    assert Job.objects.count() == 0


def with_secret() -> PeriodicTask:
    kept = given.kept(registry.get(LOG_IN).parameters, [], {"user": "ada", **SECRETS})
    return rows.schedule(task=log_in.name, kwargs=given.written(kept))


def test_a_secret_that_nobody_types_stays_and_never_shows(manager):
    entry = with_secret()
    address = reverse("jobs:fire_schedule", args=[entry.pk])
    assert "hush" not in manager.get(address).content.decode()
    assert fired(manager, entry, **{"given-user": "bob"}).status_code == 302
    job = Job.objects.get()
    assert opened(job.params) == {"user": "bob", **SECRETS}
    event = Event.objects.get(verb="run")
    assert event.after == {"params": {"user": "bob"}}


def test_programs_fire_with_others_too(manager):
    entry, root = with_secret(), Program(rows.user("root", is_superuser=True))
    address = f"/schedules/{entry.pk}/fire"
    seen = root.get(f"/schedules/{entry.pk}").json()["params"]
    reply = root.post(address, {"params": {**seen, "user": "eve"}, "reason": "a try"})
    assert reply.status_code == 202
    job = Job.objects.get()
    assert (opened(job.params), job.note) == ({"user": "eve", **SECRETS}, "a try")
    assert root.post(address, {"params": {"odd": 1}}).status_code == 422
    others = {**seen, "password": "another", "token": "another"}
    again = {"params": others, "idempotency_key": "k"}
    ids = {root.post(address, again).json()["id"] for _each in range(2)}
    assert len(ids) == 1
    told = str(Event.objects.values_list("after", flat=True))
    assert "another" not in told and "hush" not in told
