"""People with a desk in the admin, and schedules that lie on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.forms import CheckboxInput
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs.dispatch import closed, policy, routes
from jobs.scheduling.form import ScheduleForm
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


def agenda() -> SimpleNamespace:
    """One task with its people, one task of strangers, a schedule of each."""
    viewers, runners, managers = (Group.objects.create(name=n) for n in ("v", "r", "m"))
    task = rows.task()
    task.viewers.add(viewers)
    task.runners.add(runners)
    task.managers.add(managers)
    rows.task(FAIL, title="Fail")
    every_right = model_permissions("view", "add", "change", "delete")
    return SimpleNamespace(
        task=task,
        entry=schedule(),
        foreign=schedule("foreign", FAIL, kwargs="{}"),
        viewer=staff("viewer", viewers, may=every_right),
        runner=staff("runner", runners, may=every_right),
        manager=staff("manager", managers),
        planner=staff("planner", may=("manage_schedules",)),
        stranger=staff("stranger", may=every_right),
        boss=staff("boss", is_superuser=True),
    )


def filled(person: User, entry: PeriodicTask | None = None, **fields: Any) -> dict[str, Any]:
    """What a browser of `person` sends for the form of a schedule, `fields` over it; None
    is left out."""
    fresh = PeriodicTask.objects.get(pk=entry.pk) if entry else None
    start = {} if entry else {"name": "new", "timing": "every", "every": "60", "unit": "1"}
    task = fields.get("task") or (entry.task if entry else rows.ADD)
    form = ScheduleForm(person, entry=fresh, initial={"task": task} | start)
    sent = {field.html_name: shown(field) for field in form if shown(field) is not None}
    own = {"given-x": "1"} if task == rows.ADD and not entry else {}
    given = {**sent, **own, **fields}
    return {name: value for name, value in given.items() if value is not None}


def shown(field: Any) -> Any:
    """What a browser sends of a field that nobody touched."""
    value = field.value()
    if isinstance(field.field.widget, CheckboxInput):
        return "on" if value else None
    return "" if value is None else value


def queries(person: User, page: str) -> int:
    """How many queries one more look at a page takes."""
    client = at(person)
    assert client.get(page).status_code == 200
    with asked() as caught:
        client.get(page)
    return len(caught)


@contextmanager
def asked() -> Iterator[CaptureQueriesContext]:
    """The queries of what happens inside. What is read once a second is always among them:
    else a count tells how fast the machine is."""
    for once_a_second in (policy, closed, routes):
        once_a_second.forget()
    with CaptureQueriesContext(connection) as caught:
        yield caught


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
