"""A Chromium before a site without workers, and the one for whom the gallery is hung."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser

from tests.doors import rows
from tests.whole.chromium import chromium


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def admin(transactional_db: None, settings: Any, tmp_path: Path) -> User:
    settings.MEDIA_ROOT = tmp_path
    rows.user("nora")
    return rows.user("admin", is_superuser=True, is_staff=True, first_name="Ada")
