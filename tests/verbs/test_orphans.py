"""Bytes without a row go after a day, and nothing else does."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as site
from django.db import transaction

from jobs.execution.orphans import delete_orphans
from jobs.models import Artifact, Job, file_storage
from jobs.states import State
from tests.doors import rows

from .test_crashes import database_url

pytestmark = pytest.mark.django_db(transaction=True)
DIES = """
import os, signal, sys, django
from django.conf import settings
folder, job = sys.argv[1:]
settings.STORAGES["jobs"]["OPTIONS"] = {"location": folder}
django.setup()
from django.db import transaction
from jobs.models import Job
from tests.doors import rows
with transaction.atomic():
    rows.artifact(Job.objects.get(pk=job), "report.txt")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    backend = "django.core.files.storage.FileSystemStorage"
    options = {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "jobs": options}
    return tmp_path


@pytest.fixture
def job() -> Job:
    return rows.job(State.COMPLETED)


def files(folder: Path, *, days_old: float = 0) -> list[Path]:
    """All files that are there, made that old."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    for path in found:
        then = time.time() - days_old * 86_400
        os.utime(path, (then, then))
    return found


def undone(job: Job) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        rows.artifact(job, "report.txt")
        raise ZeroDivisionError


def test_bytes_of_a_transaction_that_was_undone_go_after_a_day(folder, job):
    kept = rows.artifact(job, "kept.txt")
    undone(job)
    assert len(files(folder, days_old=0.9)) == 2
    assert delete_orphans() == 0
    assert len(files(folder, days_old=1.1)) == 2
    assert delete_orphans() == 1
    assert [path.name for path in files(folder)] == [str(kept.pk)]
    assert kept.file.read() == b"bytes"


def test_bytes_of_a_process_that_was_killed_go_too(folder, job):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
    }
    command = [sys.executable, "-c", DIES, str(folder), job.pk]
    died = subprocess.run(command, env=environment, cwd=site.BASE_DIR, check=False)
    assert died.returncode == -9
    assert not Artifact.objects.exists()
    assert len(files(folder, days_old=2)) == 1
    assert delete_orphans() == 1
    assert files(folder) == []


def test_bytes_that_two_jobs_share_stay_with_the_second(folder, job):
    first = rows.artifact(job, "shared.txt")
    second = first.given_to(rows.job().pk)
    second.save(force_insert=True)
    Artifact.objects.filter(pk=first.pk).delete()
    files(folder, days_old=9)
    assert delete_orphans() == 0
    assert second.file.read() == b"bytes"


def test_what_others_keep_in_the_same_storage_is_not_touched(folder):
    for name in (
        "jobs/notes.txt",
        "jobs/ab/theirs.txt",
        "ab/x",
        "workers/marker",
        "jobs/abc/y",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("theirs")
    assert len(files(folder, days_old=900)) == 5
    assert delete_orphans() == 0
    assert len(files(folder)) == 5


def test_celerys_daily_cleaning_does_it(folder, job):
    undone(job)
    files(folder, days_old=2)
    current_app.tasks["celery.backend_cleanup"]()
    assert files(folder) == []


def test_a_storage_that_cannot_list_or_is_empty_is_left_alone(monkeypatch):
    assert delete_orphans() == 0
    monkeypatch.setattr(type(file_storage()._wrapped), "listdir", _refuse)
    assert delete_orphans() == 0


def _refuse(*args: Any) -> None:
    raise NotImplementedError
