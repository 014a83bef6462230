"""A real Chromium before the whole site, and people who sit down in front of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect

from jobs.models import Task
from tests.doors import rows
from tests.whole.chromium import chromium
from tests.whole.site import Site

from .window import PATIENCE_MS, Window

IMAGES = "project.tasks.images.process_images"
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def browser(running_site: Site) -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def olga(site: Site) -> User:
    """An operator: she may run tasks because of her group, and is nothing else."""
    operators = Group.objects.create(name="operators")
    for task in Task.objects.all():
        task.runners.add(operators)
    return rows.user("olga", operators, first_name="Olga", last_name="Quist")


@pytest.fixture
def otto(site: Site) -> User:
    """Somebody in no group."""
    return rows.user("otto")


@pytest.fixture
def sit(site: Site, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a window in which a person has signed in, or nobody."""
    opened: list[Window] = []

    def open_window(person: User | None = None, **context: Any) -> Page:
        window = Window(browser, site, person, **context)
        opened.append(window)
        return window.page

    yield open_window
    for window in opened:
        window.close()


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real pictures, an album of them and a broken one."""
    folder = tmp_path_factory.mktemp("samples")
    call_command("samples", str(folder))
    return folder
