"""Every kind of page with real work on it, and the looks in which people see them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from jobs import enqueue
from jobs.execution import control
from jobs.execution.control import Order
from jobs.models import Job, Stack
from jobs.states import State
from project.tasks import basics, images
from tests.doors import form_tasks, rows
from tests.sample_tasks import fail
from tests.waiting import eventually
from tests.watched_tasks import fall_silent
from tests.whole.site import Site

LOOKS = {
    f"{theme}-{width}": (theme, width) for theme in ("light", "dark") for width in (1440, 360)
}
HEIGHTS = {1440: 1000, 360: 780}


def look(page: Page, name: str) -> None:
    """See the page as it is in another theme and another width."""
    theme, width = LOOKS[name]
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")


def put_up(site: Site, person: User, samples: Path) -> dict[str, str]:
    """Let `person` ask for jobs that come to stand in every kind of state; the addresses
    of all pages by name."""
    jobs = _asked(person, samples)
    site.ends(jobs["failed"], State.FAILED)
    site.ends(jobs["completed"], State.COMPLETED_WITH_ERRORS, within=60)
    site.reaches(jobs["running"], State.RUNNING)
    jobs |= _stuck(site, person)
    return {
        "home": reverse("jobs:home"),
        "home-none": reverse("jobs:home") + "?owner=me&since=1h",
        "jobs": reverse("jobs:jobs"),
        "jobs-none": reverse("jobs:jobs") + "?q=no+such+thing&owner=me&state=failed",
        "tasks": reverse("jobs:tasks") + "?q=project",
        "task": reverse("jobs:task", args=[images.process_images.name]),
        "task-unknown-here": reverse("jobs:task", args=[form_tasks.many_kinds.name]),
        **{f"job-{name}": reverse("jobs:job", args=[job.pk]) for name, job in jobs.items()},
        "not-found": "/jobs/no-such-job/",
    }


def _asked(person: User, samples: Path) -> dict[str, Job]:
    for seconds in (31, 44, 38, 52, 40, 36):
        an_earlier_run(person, seconds)
    count: dict[str, Any] = {"steps": 400, "step_seconds": 0.2}
    pictures = [uploaded(samples / name) for name in ("album.zip", "harbour.jpg")]
    process = {"pictures": pictures, "operations": ["resize", "enhance"]}
    return {
        "failed": enqueue(fail.name, {"message": "The mailbox is full."}, by=person),
        "completed": enqueue(images.process_images.name, process, by=person),
        "running": enqueue(basics.long_running_progress.name, count, by=person),
        "held": enqueue(basics.task_sleep.name, {"seconds": 60}, by=person, hold=True),
        "later": enqueue(basics.task_sleep.name, {"seconds": 60}, by=person, countdown=5000),
    }


def _stuck(site: Site, person: User) -> dict[str, Job]:
    """All slots are taken, one of them by a job that says nothing; others wait."""
    by = Order(person, "Why does it take so long?")
    silent = enqueue(fall_silent.name, {"waits": ["never"]}, by=person)
    eventually(lambda: site.job(silent).stalled_at is not None, 30)
    assert control.stack(Job.objects.filter(pk=silent.pk), by)
    eventually(lambda: Stack.objects.filter(job=silent).exists(), 30)
    seconds = {"seconds": 60}
    line = [enqueue(basics.task_sleep.name, seconds, by=person) for _ in range(3)]
    paused = enqueue(basics.task_sleep.name, seconds, by=person)
    assert control.pause(Job.objects.filter(pk=paused.pk), by)
    nobody = enqueue(basics.task_sleep.name, seconds, by=person, queue="reports")
    return {"stalled": silent, "queued": line[-1], "paused": paused, "nobody": nobody}


def an_earlier_run(person: User, seconds: float) -> None:
    """So that there is something to compare with."""
    began = timezone.now() - timedelta(hours=1, seconds=10 * seconds)
    rows.job(
        State.COMPLETED,
        task=images.process_images.name,
        owner=person,
        params={"operations": ["resize"], "max_side": 800},
        created_at=began,
        started_at=began,
        finished_at=began + timedelta(seconds=seconds),
    )


def uploaded(path: Path) -> SimpleUploadedFile:
    return SimpleUploadedFile(path.name, path.read_bytes())
