"""The schedules of the documents that the project grew from: written as Celery's objects, as
there, and as the files of docs/examples, they are the same and come when they should."""

import io
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from celery import current_app
from celery.schedules import crontab, schedule
from django.conf import settings
from django.core.management import call_command
from django.utils import translation

from jobs.models import Schedule
from jobs.scheduling.coded import follow_code
from jobs.scheduling.plan import Plan
from jobs.scheduling.times import following
from jobs.scheduling.words import words
from tests import sample_tasks
from tests.doors import rows

pytestmark = pytest.mark.django_db
EXAMPLES = Path(settings.BASE_DIR) / "docs" / "examples"
MENDOZA = ZoneInfo("America/Argentina/Mendoza")
NOON = datetime(2026, 8, 22, 12, 0, 1, tzinfo=MENDOZA)  # a Saturday

FIVE = {
    # 002, example 3.
    "limpiar-cache-cada-30s": (
        30.0,
        ["08-22 12:00:30", "08-22 12:01:00", "08-22 12:01:30"],
        "Cada 30 segundos",
    ),
    "backup-diario": (
        crontab(hour=2, minute=0),
        ["08-23 02:00:00", "08-24 02:00:00", "08-25 02:00:00"],
        "A las 02:00, todos los días",
    ),
    "reporte-semanal": (
        crontab(hour=9, minute=0, day_of_week=1),
        ["08-24 09:00:00", "08-31 09:00:00", "09-07 09:00:00"],
        "A las 09:00, cada lunes",
    ),
    "sincronizar-datos": (
        crontab(minute=0),
        ["08-22 13:00:00", "08-22 14:00:00", "08-22 15:00:00"],
        "Cada hora",
    ),
    "facturacion-mensual": (
        crontab(hour=0, minute=0, day_of_month=1),
        ["09-01 00:00:00", "10-01 00:00:00", "11-01 00:00:00"],
        "A las 00:00, el día 1 del mes",
    ),
}
FORMATS = {
    # 003, "Formatos de Schedule".
    "cada minuto": (
        crontab(),
        ["08-22 12:01:00", "08-22 12:02:00", "08-22 12:03:00"],
        "Cada minuto",
    ),
    "cada 15 minutos": (
        crontab(minute="*/15"),
        ["08-22 12:15:00", "08-22 12:30:00", "08-22 12:45:00"],
        "Cada 15 minutos",
    ),
    "cada hora": (
        crontab(minute=0),
        ["08-22 13:00:00", "08-22 14:00:00", "08-22 15:00:00"],
        "Cada hora",
    ),
    "cada día a medianoche": (
        crontab(hour=0, minute=0),
        ["08-23 00:00:00", "08-24 00:00:00", "08-25 00:00:00"],
        "A las 00:00, todos los días",
    ),
    "lunes, miércoles y viernes a las 3 PM": (
        crontab(hour=15, minute=0, day_of_week="1,3,5"),
        ["08-24 15:00:00", "08-26 15:00:00", "08-28 15:00:00"],
        "A las 15:00, cada lunes, miércoles y viernes",
    ),
    "primer día del mes": (
        crontab(hour=0, minute=0, day_of_month=1),
        ["09-01 00:00:00", "10-01 00:00:00", "11-01 00:00:00"],
        "A las 00:00, el día 1 del mes",
    ),
    "cada 30 segundos": (
        schedule(run_every=30.0),
        ["08-22 12:00:30", "08-22 12:01:00", "08-22 12:01:30"],
        "Cada 30 segundos",
    ),
    "cada 10 minutos": (
        schedule(run_every=600.0),
        ["08-22 12:10:00", "08-22 12:20:00", "08-22 12:30:00"],
        "Cada 10 minutos",
    ),
}
SETS = {"five-schedules.yaml": FIVE, "schedule-formats.yaml": FORMATS}


@pytest.fixture(autouse=True)
def there(settings):
    """As the documents have it: the site's clock is that of Mendoza."""
    settings.TIME_ZONE = str(MENDOZA)
    for name in ("basics.task_sleep", "basics.long_running_progress",
                 "cleaning.clean_temporary_files"):  # fmt: skip
        rows.task(f"project.tasks.{name}")


def read(file: str) -> str:
    out = io.StringIO()
    call_command("schedules", "import", str(EXAMPLES / file), stdout=out)
    return out.getvalue()


def follow(entries: dict) -> None:
    """As a beat that finds them in `beat_schedule`."""
    conf = SimpleNamespace(
        beat_schedule={
            name: {"task": sample_tasks.add.name, "schedule": when, "kwargs": {"x": 1}}
            for name, (when, _moments, _words) in entries.items()
        },
        result_expires=None,
    )
    follow_code(SimpleNamespace(conf=conf, backend=current_app.backend, timezone=MENDOZA))


def seen() -> dict[str, tuple[list[str], str]]:
    """When each comes next on the clock there, and how that is told."""
    found = {}
    for row in Schedule.objects.with_entry():
        row.anchor_at = NOON.replace(second=0)  # an interval counts from when it was made
        plan = Plan(row)
        moments = islice(following(plan, NOON), 3)
        local = [at.astimezone(MENDOZA).strftime("%m-%d %H:%M:%S") for at in moments]
        with translation.override("es"):
            found[row.entry.name] = local, words(plan.times)
    return found


@pytest.mark.parametrize("file", SETS)
def test_the_file_and_celerys_objects_come_when_they_should_and_say_so(file):
    entries = SETS[file]
    expected = {name: (moments, told) for name, (_when, moments, told) in entries.items()}
    follow(entries)
    assert seen() == expected
    for row in Schedule.objects.select_related("entry"):
        row.entry.delete()
    assert f"{len(entries)} made, 0 changed" in read(file)
    assert seen() == expected


@pytest.mark.parametrize("file", SETS)
def test_it_can_be_loaded_again_and_what_it_makes_is_sound(file):
    read(file)
    assert f"{len(SETS[file])} unchanged." in read(file)
    for row in Schedule.objects.with_entry():
        Plan(row).check()
