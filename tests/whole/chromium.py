"""A real Chromium of this machine, and a person signed in with it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# It talks to our site and to nobody else.
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 20_000
MEANT = (404, 422)
MISSING = "Tests in a browser need Chromium: apt install chromium, or let .ci/run do it."


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of the system; Playwright's own when there is none."""
    program = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    # Playwright keeps a loop in this thread, of which the tests' own queries are no part.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        if program is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail(MISSING, pytrace=False)
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def signed_in(browser: Browser, url: str, name: str, **context: Any) -> Page:
    """A page of `name`, whose password is "secret"; what it complains of fails the test."""
    page = browser.new_context(base_url=url, **context).new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if _is_bad(said) else None)
    page.complaints = complaints  # type: ignore[attr-defined]
    page.goto("/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/")
    return page


def _is_bad(said: Any) -> bool:
    """Not what is not there, nor a form that is sent back; a live server of Django has no
    socket either."""
    codes = [f"{words}{code}" for words in ("status of ", "response code: ") for code in MEANT]
    return said.type == "error" and not any(code in said.text for code in codes)
