"""The whole site, started once for all tests of this ring, and given to one at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from .adopting import install_wheel
from .broker import Broker
from .rabbit import Rabbit
from .site import Site

LOG_CHARS = 20_000


@pytest.fixture(scope="session")
def broker(session_broker: Broker | Rabbit) -> Broker | Rabbit:
    """The server that everything shares; a test that hurts it heals it."""
    return session_broker


@pytest.fixture(scope="package")
def running_site(
    broker: Broker | Rabbit, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Site]:
    """It ends with this ring: its worker would take the jobs of the tests that come after."""
    with django_db_blocker.unblock():
        site = Site(broker, Path(settings.DATA_DIR) / "logs")
    try:
        with django_db_blocker.unblock():
            yield site.start()
    finally:
        site.stop()


@pytest.fixture
def site(running_site: Site, transactional_db: None) -> Iterator[Site]:
    """The site with its tasks and nothing else in the database, all processes alive."""
    running_site.revive()
    running_site.follow_registry()
    for process in running_site.processes.values():
        process.news()
    yield running_site
    running_site.settle()


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the wheel of this tree is installed."""
    return install_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    """A failing test shows what the processes said meanwhile."""
    report = yield
    site = getattr(item, "funcargs", {}).get("running_site")
    if report.failed and isinstance(site, Site):
        for name, process in site.processes.items():
            report.sections.append((f"{name}'s log", process.news()[-LOG_CHARS:]))
    return report
