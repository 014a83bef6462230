"""The list of schedules while things happen to it: rows change where they are, and what a
person is doing there stays."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, WebSocketRoute, expect

from jobs.models import Schedule
from jobs.scheduling import entries
from tests.doors import rows
from tests.doors.test_web_schedules import planned
from tests.whole.chromium import signed_in

from . import walk

pytestmark = pytest.mark.browser


def test_a_row_changes_in_place_and_nothing_typed_is_lost(
    browser: Browser, live_server: Any, admin: User
) -> None:
    rows.task()
    mine, other = planned("mine", 1200), planned("other", 2400)
    lines: list[WebSocketRoute] = []
    page = signed_in(browser, live_server.url, "admin")
    page.route_web_socket(walk.SOCKET, lambda line: (lines.append(line), walk.serve(line)))
    page.goto(reverse("jobs:schedules"))
    page.get_by_text("Live", exact=True).wait_for()
    here, there = page.locator(f"#schedule-{mine.pk}"), page.locator(f"#schedule-{other.pk}")
    countdown = here.locator("time[data-form=until]")
    before = countdown.inner_text()
    assert before.startswith("in 19:") or before == "in 20:00"
    expect(countdown).not_to_have_text(before)

    page.keyboard.press("j")
    page.keyboard.press("x")
    here.get_by_label("Pause mine…").click()
    here.locator("input[name=reason]").fill("Until Tues")
    for made in (mine, other):
        entries.pause(made, by=admin, note="The disks are full.")
    Schedule.objects.filter(pk=mine.pk).update(paused_at=None)
    news = [{"id": str(made.pk)} for made in (mine, other)]
    lines[-1].send(json.dumps({"type": "schedules", "schedules": news, "many": 0}))
    there.get_by_text("“The disks are full.”").wait_for()
    assert here.locator("input[name=reason]").input_value() == "Until Tues"
    assert here.locator("[form=bulk]").is_checked() and here.locator("tr.cursor").count() == 1

    page.keyboard.press("Escape")
    page.locator("#bulk").get_by_role("button", name="Pause…").click()
    page.get_by_role("button", name="Pause 1 schedule").click()
    page.get_by_text("1 schedule is paused.").wait_for()
