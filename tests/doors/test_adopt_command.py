"""`manage.py jobs_adopt` tells the truth about a project, and does no more than it says."""

import io

import pytest
from celery import current_app
from django.core.management import call_command
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_results.models import TaskResult

from jobs import registry
from jobs.models import Task
from jobs.registry import discovery
from tests.doors import rows
from tests.sample_tasks import plain_add

pytestmark = pytest.mark.django_db


def adopt(*words, code=0):
    out = io.StringIO()
    try:
        call_command("jobs_adopt", *words, stdout=out, stderr=out)
    except SystemExit as end:
        assert end.code == code, out.getvalue()
    else:
        assert code == 0, out.getvalue()
    return out.getvalue()


def entry(name, **columns):
    every, _made = IntervalSchedule.objects.get_or_create(every=1, period="days")
    return PeriodicTask.objects.create(name=name, interval=every, **columns)


def test_the_dry_run_changes_nothing_and_the_other_makes_the_catalogue(redis_server):
    told = adopt("--dry-run")
    assert f"+ {plain_add.name}\n" in told and "Tables to make: none" in told
    assert not Task.objects.exists()
    assert "Done." in adopt()
    assert set(Task.objects.values_list("pk", flat=True)) >= {plain_add.name, rows.ADD}
    assert "Tasks that appear: none" in adopt("--dry-run")


def test_what_becomes_of_each_schedule_is_told(redis_server, settings):
    settings.JOBS_EXCLUDE = ("legacy.*",)
    entry("fine", task=plain_add.name, args="[1, 2]")
    entry("off", task=plain_add.name, args="[1, 2]", enabled=False)
    entry("plain", task="legacy.sweep")
    entry("backup", task="celery.backend_cleanup")
    entry("gone", task="no.such")
    odd = entry("odd", task=plain_add.name)
    PeriodicTask.objects.filter(pk=odd.pk).update(args="{broken")
    TaskResult.objects.create(task_id="of-before", status="SUCCESS")
    told = adopt("--dry-run")
    for line in (
        f"fine: {plain_add.name} runs as the system",
        f"off: {plain_add.name}, which is off runs as the system",
        "plain: legacy.sweep stays plain Celery",
        "backup: celery.backend_cleanup stays plain Celery",
        "gone: no.such is kept: no task here has this name",
        f"odd: {plain_add.name} is kept, but its jobs would fail: This is not JSON",
        "Results of before, kept as they are:\n  1\n",
    ):
        assert line in told, told


def test_settings_that_are_refused_are_told_and_nothing_is_made(redis_server, settings):
    settings.USE_TZ = False
    told = adopt(code=1)
    assert "jobs.E003: USE_TZ is off" in told and "refuse to start" in told
    assert not Task.objects.exists()


def test_a_module_that_cannot_be_imported_is_told(redis_server, monkeypatch):
    monkeypatch.setattr(discovery, "discover", lambda: None)
    monkeypatch.setattr(registry, "discover", lambda: None)
    monkeypatch.setitem(registry.broken, "shop.tasks", "Traceback")
    assert "! shop.tasks cannot be imported" in adopt("--dry-run")
    assert "shop.tasks" not in current_app.tasks
