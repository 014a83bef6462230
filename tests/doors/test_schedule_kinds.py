"""Parameters of every kind in the form of a schedule: kept typed, and kept when untouched."""

import json

import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from jobs.models import Event
from jobs.scheduling.given import asked
from tests import sample_tasks

from . import desk, form_tasks, rows

pytestmark = pytest.mark.django_db
NEW = reverse("jobs:new_schedule")


def test_each_kind_is_kept_as_its_type_and_stays_when_nobody_touches_it():
    task = form_tasks.many_kinds.name
    rows.task(task)
    boss = rows.user("boss", is_superuser=True)
    client = desk.at(boss)
    given = {"given-count": "3", "given-when": "2026-08-22T18:30", "given-tags": ["a", "c"],
             "given-mark": '{"text": "hi"}', "given-token": "hush"}  # fmt: skip
    form = desk.filled(boss, name="kinds", task=task, **given, **{"given-is_dry": None})
    assert client.post(NEW, form).status_code == 302
    entry = PeriodicTask.objects.get(name="kinds")
    kept = json.loads(entry.kwargs)
    page = reverse("jobs:edit_schedule", args=[entry.pk])
    assert client.post(page, desk.filled(boss, entry)).status_code == 302
    assert list(Event.objects.values_list("verb", flat=True)) == ["create"]
    changed = desk.filled(boss, entry, **{"given-count": "4"})
    assert client.post(page, changed).status_code == 302
    entry.refresh_from_db()
    after = json.loads(entry.kwargs)
    assert after | {"token": ""} == kept | {"count": 4, "token": ""}
    assert (kept["is_dry"], kept["tags"], kept["mark"]) == (False, ["a", "c"], {"text": "hi"})
    assert "mode" not in kept and "hush" not in entry.kwargs
    assert asked(entry)["token"] == "hush"


@pytest.mark.parametrize("task", [sample_tasks.report_of, sample_tasks.report_of_day])
def test_the_moment_itself_need_not_be_given(task):
    rows.task(task.name)
    boss = rows.user("boss", is_superuser=True)
    form = desk.filled(boss, name="report", task=task.name)
    assert desk.at(boss).post(NEW, form).status_code == 302
    assert json.loads(PeriodicTask.objects.get(name="report").kwargs) == {}
