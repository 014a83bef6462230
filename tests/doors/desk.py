"""People with a desk in the admin, and schedules that lie on it."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from tests import sample_tasks  # registers them

from . import rows

FAIL, LOG_IN = sample_tasks.fail.name, sample_tasks.log_in.name

# What Django's own rules would let such a person do with everything.
STOCK = ("periodictask", "crontabschedule", "intervalschedule", "taskresult", "task", "job")


def staff(name: str, *groups: Group, may: tuple[str, ...] = (), **columns: Any) -> User:
    """Somebody who may enter the admin, with the Django permissions `may`."""
    person = rows.user(name, *groups, is_staff=True, **columns)
    person.user_permissions.set(Permission.objects.filter(codename__in=may))
    return person


def model_permissions(*verbs: str) -> tuple[str, ...]:
    """Django's permissions on the models, which open nothing here."""
    return tuple(f"{verb}_{model}" for verb in verbs for model in STOCK)


def at(person: User) -> Client:
    """A browser in which `person` has signed in."""
    client = Client()
    client.force_login(person)
    return client


def address(model: Any, page: str = "changelist", *args: Any) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


def every(seconds: int = 60) -> IntervalSchedule:
    return IntervalSchedule.objects.get_or_create(every=seconds, period="seconds")[0]


def schedule(name: str = "nightly", task: str = rows.ADD, **columns: Any) -> PeriodicTask:
    values = {"kwargs": '{"x": 1}', **columns}
    if "crontab" not in columns:
        values["interval"] = every()
    return PeriodicTask.objects.create(name=name, task=task, **values)


def filled(entry: PeriodicTask | None = None, **fields: Any) -> dict[str, Any]:
    """What a browser sends for the form of a schedule, `fields` over it."""
    interval = entry.interval_id if entry else every().pk
    form = {
        "name": entry.name if entry else "new",
        "task": entry.task if entry else rows.ADD,
        "enabled": "on",
        "interval": interval,
        "args": "[]",
        "kwargs": entry.kwargs if entry else json.dumps({"x": 1}),
    }
    given = {**form, **fields}
    return {name: value for name, value in given.items() if value is not None}


def queries(person: User, page: str) -> int:
    """How many queries one more look at a page takes."""
    client = at(person)
    assert client.get(page).status_code == 200
    with CaptureQueriesContext(connection) as caught:
        client.get(page)
    return len(caught)


def errors(response: Any) -> dict[str, list[str]]:
    """What the form that came back complains about."""
    assert response.status_code == 200, response.status_code
    return dict(response.context["adminform"].form.errors)


def told(response: Any) -> list[str]:
    """The messages of the page that followed."""
    return [str(message) for message in response.context["messages"]]


def admin_models() -> list[Any]:
    """What has a page of ours in the admin."""
    apps = ("jobs", "django_celery_beat", "django_celery_results")
    return [model for model in admin.site._registry if model._meta.app_label in apps]
