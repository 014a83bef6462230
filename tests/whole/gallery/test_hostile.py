"""Hostile words in every field that somebody can fill are words on every page: at first
sight, and when a page renews itself. Nothing but our escaping stands in their way here: the
policy that would stop them as well is off."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, Page, WebSocketRoute

from jobs.models import Job
from tests.doors import rows
from tests.watched_tasks import FUNCTION
from tests.whole.chromium import signed_in

from . import exhibits, walk
from .poison import WORDS, poison_cron_lines, poisoned, strange_keys

pytestmark = pytest.mark.browser
MARKUP = """img[src=x], :is(main, #content, #container) :is(script:not([src], [type*=json]),
  [onerror], [onload], [onfocus], [onmouseover]), [href^="javascript"]"""
# A picture that is asked for after those in the page fails after them.
AFTER_ALL_IMAGES = """() => new Promise((done) => {
  const image = new Image();
  image.onerror = done;
  image.src = `no-such-picture?${Math.random()}`;
})"""
# Alike in what they show of rows, or shown by another test.
LEFT_OUT = {
    "home-mine", "jobs-ticked", "jobs-columns", "jobs-none", "task-refused", "tasks-none",
    "job-offline", "job-verb", "job-log", "tokens-new", "keys", "404", *walk.ERRORS,
    "schedules-ticked", "schedules-pause", "schedules-none", "schedule-verb",
    "job-fired-paused",
}  # fmt: skip
RENEWED = ("home-trouble", "jobs", "job-running", "job-silent", "job-queued", "tasks",
           "schedules", "schedule")  # fmt: skip


def harms(page: Page, name: str, bitten: list[str]) -> Iterator[str]:
    page.evaluate(AFTER_ALL_IMAGES)
    for element in page.locator(MARKUP).all():
        yield f"{name}: {element.evaluate('one => one.outerHTML')[:200]}"
    yield from (f"{name} was bitten" for _ in bitten)
    bitten.clear()


def searches(job: Job) -> dict[str, str]:
    """Addresses that carry the words themselves."""
    words = urlencode(
        {"q": WORDS[:400], "task": WORDS, "user": WORDS, "text": WORDS, "by": WORDS}
    )
    names = ("home", "jobs", "tasks", "filters", "tokens", "schedules")
    found = {f"{name}?": f"{reverse(f'jobs:{name}')}?{words}" for name in names}
    found["access?"] = f"{reverse('jobs:job_access', args=[job.pk])}?{words}"
    found["bulk?"] = f"{reverse('jobs:bulk')}?verb=cancel&all=1&{words}"
    return found | {"task?": f"{reverse('jobs:task', args=[exhibits.MANY_KINDS])}?{words}"}


def tell(line: WebSocketRoute) -> None:
    """Be a server where everything changed just now."""

    def hear(said: str | bytes) -> None:
        asked = json.loads(said)
        topic = asked.get("topic", "")
        if topic == "schedules":
            news = [{"id": key} for key in asked["only"]]
            line.send(json.dumps({"type": topic, topic: news, "many": 1}))
        elif topic == "jobs":
            news = [{"id": job, "seq": 9_999_999, "status": WORDS} for job in asked["only"]]
            line.send(json.dumps({"type": "jobs", "jobs": news, "many": True}))
        elif topic:
            about = {"task_id": topic.removeprefix("job:"), "seq": 9_999_999, "attempt": 1}
            told = {"progress": 50, "n": 9_999_999, "message": WORDS, "step": WORDS}
            lines = [[999, "2026-08-22T14:12:06Z", WORDS, WORDS]]
            line.send(json.dumps({"type": "progress", **about, **told}))
            line.send(json.dumps({"type": "log", **about, "first": 999, "lines": lines}))
            line.send(json.dumps({"type": "state", **about, "status": WORDS}))
        elif asked["type"] == "ping":
            line.send('{"type": "pong"}')

    line.on_message(hear)


@pytest.fixture
def pages(admin: User) -> dict[str, str]:
    User.objects.update(first_name=WORDS[:150], last_name=WORDS[:150])
    with poisoned():
        jobs = exhibits.hang(admin)
    poison_cron_lines()
    strange = strange_keys(admin)
    text = rows.artifact(jobs["failed"], "a.txt", WORDS.encode(), content_type="text/plain")
    found = walk.addresses(jobs) | walk.others(jobs) | searches(strange)
    found["preview"] = reverse("jobs:preview", args=[jobs["failed"].pk, text.pk])
    found["strange"] = reverse("jobs:job", args=[strange.pk])
    found["strange-task"] = reverse("jobs:task", args=[strange.task_id])
    return {name: address for name, address in found.items() if name not in LEFT_OUT}


def test_words_are_words_on_every_page(
    browser: Browser, live_server: Any, pages: dict[str, str]
) -> None:
    page = signed_in(browser, live_server.url, "admin", bypass_csp=True)
    bitten: list[str] = []
    page.expose_function(FUNCTION, lambda: bitten.append(page.url))
    found: list[str] = []
    for name, address in pages.items():
        page.route_web_socket(walk.SOCKET, tell if name in RENEWED else walk.serve)
        if name in RENEWED:
            with page.expect_response(lambda answer: "part=" in answer.url) as renewed:
                page.goto(address)
            renewed.value.finished()
        else:
            answer = page.goto(address)
            assert answer is not None and answer.status < 500, (name, answer)
        found += harms(page, name, bitten)
    assert found == []
    page.evaluate("(text) => document.body.insertAdjacentHTML('beforeend', text)", WORDS)
    assert list(harms(page, "now they would", bitten))
