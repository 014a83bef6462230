"""No page breaks a rule that axe knows, in either theme, wide or narrow."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page

from jobs.models import ApiToken, Attempt, JobError, SavedFilter, Stack, Worker
from jobs.states import State
from tests.doors import form_tasks, rows
from tests.doors.desk import schedule
from tests.nouns.test_workers import FACTS

from .chromium import chromium, signed_in

pytestmark = pytest.mark.browser
LOOKS = [
    {"viewport": {"width": 1440, "height": 1000}, "color_scheme": "light"},
    {"viewport": {"width": 360, "height": 780}, "color_scheme": "dark"},
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def addresses(transactional_db: None, settings: Any, tmp_path: Any) -> list[str]:
    """Every kind of page, with something of everything on it."""
    settings.MEDIA_ROOT = tmp_path
    admin = rows.user("admin", is_superuser=True, is_staff=True)
    rows.task(tags=["tag"], description="It adds.")
    rows.task(form_tasks.many_kinds.name)
    rows.task(form_tasks.uploads.name)
    rows.task("site.broken", error="Traceback:\nNameError: x")
    for _ in range(4):
        rows.job(State.COMPLETED, ago=5000)
    jobs = [_every_part(rows.job(state, owner=admin, **_told(state))) for state in State]
    misfit = {
        "params": {"x": "many"},
        "field_errors": {"x": ["Odd."], "z": ["No."], "": ["All."]},
    }
    held = rows.job(State.PENDING, waiting_for="start", owner=admin, **misfit)
    refused = rows.job(State.FAILED, attempt=0, owner=admin, **misfit)
    names = (rows.ADD, form_tasks.many_kinds.name, form_tasks.uploads.name, "site.broken")
    stuck = _stuck(admin)
    SavedFilter.objects.keep(admin, "failed", "state:failed -tag:odd")
    ApiToken.objects.issue(admin, ["read", "run"], name="cron", days=9)
    schedule("nightly")
    return [
        reverse("jobs:home"),
        reverse("jobs:home") + "?owner=me&since=1h",
        reverse("jobs:jobs"),
        reverse("jobs:jobs") + "?state=failed&owner=me&task=x&q=nothing",
        reverse("jobs:jobs") + "?q=state:failed -tag:odd",
        reverse("jobs:jobs") + "?q=state:odd since:never",
        reverse("jobs:filters"),
        reverse("jobs:tasks"),
        reverse("jobs:tasks") + "?by=trouble&tag=tag&q=add",
        reverse("jobs:policy", args=[rows.ADD]),
        *[reverse("jobs:task", args=[name]) for name in names],
        *[reverse("jobs:job", args=[job.pk]) for job in (*jobs, held, refused, *stuck)],
        reverse("jobs:edit", args=[held.pk]),
        reverse("jobs:tokens"),
        "/no/such/page",
    ]


def _stuck(admin: Any) -> list[Any]:
    """One that has stalled and owes its stack, and one that waits in line for its slot."""
    long_ago = timezone.now() - timedelta(minutes=6)
    silent = {"stall_after": timedelta(minutes=5), "stalled_at": long_ago, "lease": "silent"}
    stalled = rows.job(State.RUNNING, stack_asked_at=long_ago, owner=admin, ago=900, **silent)
    text = 'Stack:\n  File "/srv/own.py", line 1, in work\n    rest()'
    Stack.objects.create(job=stalled, attempt=1, text=text, taken_at=long_ago)
    Worker.tell("main@node", FACTS | {"slots": 1, "others": 1})
    ring_at = timezone.now() + timedelta(seconds=9)
    line = [rows.job(owner=admin, ago=ago, ring_at=ring_at, rings=1) for ago in (90, 60)]
    return [stalled, line[1]]


def _told(state: str) -> dict[str, Any]:
    return {
        "progress": {"percent": 40, "current": 4, "total": 10, "rate": 2, "eta_seconds": 3},
        "params": {"x": 1, "note": "two\nlines", "long": {"a": ["b" * 90]}},
        "errors_count": 1, "tags": ["a"], "note": "a note", "time_limit": 60,
        "error_type": "ValueError", "error": "bad", "reason": "It raised.",
        "traceback": 'Traceback:\n  File "/lib/python3/x.py", line 1\n    x()\nValueError: bad',
        "result": {"a": 1, "b": ["c" * 90]} if state == State.COMPLETED else None,
        "expires_at": timezone.now() + timedelta(hours=1),
        "waiting_for": "time" if state == State.PENDING else "",
        "not_before": timezone.now() + timedelta(hours=1) if state == State.PENDING else None,
    }  # fmt: skip


def _every_part(job: Any) -> Any:
    colours = [f"\x1b[{code}m{code}\x1b[0m" for code in (1, 2, *range(30, 38))]
    for number, level in enumerate(("debug", "info", "warning", "error", "critical")):
        rows.log(job, *colours, level=level, first=1 + 10 * number)
    JobError.objects.create(job=job, attempt=1, message="m", at=timezone.now())
    Attempt.objects.create(job=job, number=1, error="e", traceback="t")
    rows.artifact(job, "a.txt")
    return job


def complaints(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{page.url}: {rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]


@pytest.mark.parametrize("look", LOOKS, ids=["light-wide", "dark-narrow"])
def test_no_page_breaks_a_rule_or_scrolls_sideways(browser, live_server, addresses, look):
    page = signed_in(browser, live_server.url, "admin", **look)
    found = []
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("load")
        found += complaints(page)
        too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        if page.evaluate(too_wide) > 0:
            found.append(f"{address} scrolls sideways")
    assert found == []
    assert [said for said in page.complaints if "Content Security Policy" in said] == []


@pytest.mark.parametrize("look", LOOKS, ids=["light-wide", "dark-narrow"])
def test_the_form_with_errors_breaks_no_rule(browser, live_server, addresses, look):
    page = signed_in(browser, live_server.url, "admin", **look)
    page.goto(reverse("jobs:task", args=[form_tasks.many_kinds.name]))
    page.get_by_role("button", name="Run now").click()
    page.get_by_text("Nothing was started.").wait_for()
    assert complaints(page) == []


@pytest.mark.parametrize("look", LOOKS, ids=["light-wide", "dark-narrow"])
def test_a_search_goes_on_by_keyboard_alone_and_breaks_no_rule(
    browser, live_server, addresses, look
):
    page = signed_in(browser, live_server.url, "admin", **look)
    page.goto(reverse("jobs:jobs") + "?q=state:failed")
    page.keyboard.press("/")
    page.keyboard.type("ta")
    options = page.get_by_role("option")
    options.filter(has_text="task:").first.wait_for()
    assert complaints(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("add")
    options.filter(has_text=rows.ADD).wait_for()
    page.keyboard.press("ArrowDown")
    assert page.locator("#q").get_attribute("aria-activedescendant") == "suggestion-1"
    page.keyboard.press("Enter")
    assert page.locator("#q").input_value() == f"task:{rows.ADD} "
    page.keyboard.press("Enter")
    page.wait_for_url(f"**q=state%3Afailed*&q=task%3A{rows.ADD}*")
    page.get_by_label(f"Remove the filter task:{rows.ADD}").wait_for()


@pytest.mark.parametrize("look", LOOKS, ids=["light-wide", "dark-narrow"])
def test_the_login_page_breaks_no_rule(browser, live_server, transactional_db, look):
    page = browser.new_context(base_url=live_server.url, **look).new_page()
    page.goto("/login/")
    assert complaints(page) == []
    page.get_by_role("button", name="Sign in").click()
    assert complaints(page) == []
