"""The picture of the README, into var/screenshots: a real job, in the middle of its work."""

import signal
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from jobs import enqueue
from jobs.states import State
from project.tasks import images
from tests.doors import rows

from .window import until

pytestmark = pytest.mark.browser
FOLDER = Path(settings.BASE_DIR) / "var" / "screenshots"
PAINTED = """[...document.images]
  .filter((image) => image.getBoundingClientRect().top < innerHeight)
  .every((image) => image.complete && image.naturalWidth > 0)"""
MONTHS = ("june", "july", "august", "september")


def test_the_picture_of_the_readme_is_taken(site, sit, olga, samples):
    for seconds in (14, 19, 16, 22, 17):
        an_earlier_run(olga, seconds)
    process = {"pictures": albums(samples), "operations": ["blur", "resize", "enhance"]}
    job = enqueue(images.process_images.name, process, by=olga)
    page = sit(olga, viewport={"width": 1280, "height": 828}, color_scheme="light")
    page.goto(reverse("jobs:job", args=[job.pk]))
    expect(page.locator("#errors")).to_be_visible()
    until(page, "parseInt(document.querySelector('[data-p=percent]').textContent) > 60")
    site.worker.signal_all(signal.SIGSTOP)
    try:
        until(page, PAINTED)
        page.screenshot(path=FOLDER / "readme.png")
    finally:
        site.worker.signal_all(signal.SIGCONT)


def albums(samples: Path) -> list[SimpleUploadedFile]:
    """The album of the samples with its broken picture, and some without."""
    found = [uploaded(samples / "album.zip")]
    for month in MONTHS:
        path = samples / f"{month}.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for picture in samples.glob("*.*"):
                if picture.suffix != ".zip" and picture.stem != "broken":
                    packed.write(picture, f"{month}/{picture.name}")
        found.append(uploaded(path))
    return found


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
