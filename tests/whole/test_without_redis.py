"""Redis is down, or hangs: the web starts, pages come, and jobs are accepted."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from django.conf import settings

from project.supervisor import embedded
from tests.conftest import start_server
from tests.waiting import eventually
from tests.whole.house import Build, House

BASE = Path(settings.BASE_DIR)
# A page that waited for the broker would take 5 s more: its socket_timeout.
LONGEST_PAGE_SECONDS = 5.0


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[str]:
    """A server that takes connections and never answers."""
    data = tmp_path / "server"
    data.mkdir()
    place = next(embedded.places(data))
    server = start_server(place, data)
    os.kill(server.pid, signal.SIGSTOP)
    yield place.url
    server.kill()
    server.wait()


def web(build: Build, url: str) -> House:
    """Only the web, on data that are prepared."""
    house = build(REDIS_URL=url, ADMIN_PASSWORD="of-my-own")
    prepare = [sys.executable, "manage.py", "prepare", "-v", "0"]
    subprocess.run(prepare, cwd=BASE, env=house.environment, check=True)
    command = [sys.executable, "manage.py", "web"]
    house.process = subprocess.Popen(command, cwd=BASE, env=house.environment)
    eventually(lambda: "alive" in house.get("/healthz"), 60)
    return house


class Visitor:
    """Somebody with a browser that keeps cookies, and a watch."""

    def __init__(self, house: House) -> None:
        self.url = house.url
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self.browser = urllib.request.build_opener(cookies)

    def get(self, path: str, **form: str) -> str:
        begun = time.monotonic()
        data = urllib.parse.urlencode(form).encode() if form else None
        with self.browser.open(self.url + path, data, timeout=20) as page:
            text = str(page.read().decode())
        assert time.monotonic() - begun < LONGEST_PAGE_SECONDS, path
        return text

    def post(self, path: str, **form: str) -> str:
        """As a person does: the form is read first."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path))
        assert token
        return self.get(path, csrfmiddlewaretoken=token[1], **form)


@pytest.mark.parametrize("state", ["down", "hanging"])
def test_pages_come_and_jobs_are_accepted(
    build: Build, tmp_path: Path, hanging: str, state: str
):
    house = web(build, hanging if state == "hanging" else f"unix://{tmp_path}/nobody.sock")
    visitor = Visitor(house)
    visitor.get("/healthz")  # the first page of a process also loads its templates
    visitor.post("/login/", username="admin", password="of-my-own")
    assert "task_sleep" in visitor.get("/tasks/")
    page = visitor.post("/tasks/project.tasks.basics.task_sleep/", seconds="1")
    assert "task_sleep" in page
    assert "task_sleep" in visitor.get("/jobs/")
    ready = visitor.get("/readyz")
    assert '"status": "degraded"' in ready
    assert '"redis": {"state": "down"}' in ready
