"""`make screenshots`: every page in every state, theme and width, into var/screenshots, to
be looked at by a person. `ONLY=job make screenshots` takes those with "job" in their name."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page

from tests.whole.chromium import signed_in

from . import exhibits, walk

pytestmark = pytest.mark.browser
FOLDER = Path(settings.BASE_DIR) / "var" / "screenshots"
ONLY = os.environ.get("ONLY", "")
ON_PAPER = ("jobs", "job-failed")
A4 = {"width": 794, "height": 1123}


def taken(page: Page, name: str, looks: Iterable[str] = walk.LOOKS) -> None:
    for look in looks:
        walk.look(page, look)
        scroll = page.evaluate("document.scrollingElement.scrollHeight")
        page.set_viewport_size({"width": walk.LOOKS[look][1], "height": scroll})
        page.screenshot(path=FOLDER / f"{name}-{look}.png")
    if name in ON_PAPER:
        page.set_viewport_size(A4)
        page.emulate_media(media="print", color_scheme="light")
        page.screenshot(path=FOLDER / f"{name}-paper.png", full_page=True)
    walk.look(page, "light-1440", media="screen")


def all_taken(page: Page, pages: dict[str, str]) -> None:
    wanted = {name: address for name, address in pages.items() if ONLY in name}
    for name in walk.walk(page, wanted):
        taken(page, name)


def test_every_page_is_taken(browser, live_server, admin):
    all_taken(signed_in(browser, live_server.url, "nora"), walk.EMPTY)
    jobs = exhibits.hang(admin)
    page = signed_in(browser, live_server.url, "admin", timezone_id="UTC")
    all_taken(page, walk.addresses(jobs) | walk.others(jobs))
    page.context.clear_cookies()
    all_taken(page, walk.DOOR)


def test_the_main_pages_are_taken_in_spanish_too(browser, live_server, admin):
    jobs = exhibits.hang(admin)
    page = signed_in(browser, live_server.url, "admin", timezone_id="UTC")
    walk.speak_spanish(page, live_server.url)
    for name in walk.walk(page, {n: a for n, a in walk.in_spanish(jobs).items() if ONLY in n}):
        taken(page, f"es-{name}", ("light-1440", "light-360"))
