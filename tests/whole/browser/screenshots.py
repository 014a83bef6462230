"""`make screenshots`: every page in each theme and width, and the picture of the README,
into var/screenshots, to be looked at by a person."""

import signal
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs import enqueue
from project.tasks import images

from . import scene
from .window import until

pytestmark = pytest.mark.browser
FOLDER = Path(settings.BASE_DIR) / "var" / "screenshots"
PAINTED = """[...document.images]
  .filter((image) => image.getBoundingClientRect().top < innerHeight)
  .every((image) => image.complete && image.naturalWidth > 0)"""
MONTHS = ("june", "july", "august", "september")


def taken(page: Page, name: str) -> None:
    for look in scene.LOOKS:
        scene.look(page, look)
        scroll = page.evaluate("document.scrollingElement.scrollHeight")
        page.set_viewport_size({"width": scene.LOOKS[look][1], "height": scroll})
        page.screenshot(path=FOLDER / f"{name}-{look}.png")


def test_every_page_is_taken(site, sit, olga, samples):
    addresses = scene.put_up(site, olga, samples)
    page = sit()
    page.goto("/login/")
    taken(page, "login")
    page = sit(olga)
    for name, address in addresses.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        taken(page, name)


def test_the_picture_of_the_readme_is_taken(site, sit, olga, samples):
    for seconds in (14, 19, 16, 22, 17):
        scene.an_earlier_run(olga, seconds)
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
    found = [scene.uploaded(samples / "album.zip")]
    for month in MONTHS:
        path = samples / f"{month}.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for picture in samples.glob("*.*"):
                if picture.suffix != ".zip" and picture.stem != "broken":
                    packed.write(picture, f"{month}/{picture.name}")
        found.append(scene.uploaded(path))
    return found
