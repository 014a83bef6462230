"""No page, in no state that it can be in, breaks a rule that axe knows or its own frame:
light on a wide screen, dark on a narrow one. Nothing is refused by our policy."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, Page

from tests.doors import rows
from tests.whole.chromium import signed_in

from . import exhibits, walk

pytestmark = pytest.mark.browser
TOO_WIDE = "document.scrollingElement.scrollWidth - innerWidth"
# What depends on the theme or the width; the rest is told from the first look.
AGAIN = ["color-contrast", "target-size", "scrollable-region-focusable", "link-name",
         "button-name", "label", "heading-order", "aria-hidden-focus"]  # fmt: skip
RULES: dict[str, Any] = {
    "light-1440": {},
    "dark-360": {
        "runOnly": {"type": "rule", "values": AGAIN},
        "rules": {"target-size": {"enabled": True}},
    },
}
BROKEN = """async (rules) =>
  (await axe.run({ ...rules, resultTypes: ["violations"] })).violations.map(({ id, nodes }) =>
    `${id}: ${nodes.map((node) => node.html).join(" ").slice(0, 300)}`)"""


def troubles(page: Page, pages: dict[str, str]) -> Iterator[str]:
    said: list[str] = page.complaints  # type: ignore[attr-defined]
    for name in walk.walk(page, pages):
        yield from (f"{name}: {complaint}" for complaint in said)
        page.evaluate(Axe().axe_script)
        for look, rules in RULES.items():
            walk.look(page, look)
            yield from (f"{name} {look}: {broken}" for broken in page.evaluate(BROKEN, rules))
            if (excess := page.evaluate(TOO_WIDE)) > 0:
                yield f"{name} {look}: {excess} px too wide"
        walk.look(page, "light-1440")
        said.clear()  # axe has its own ways


def test_no_page_breaks_a_rule_or_its_frame(
    browser: Browser, live_server: Any, admin: User
) -> None:
    page = signed_in(browser, live_server.url, "nora")
    found = list(troubles(page, walk.EMPTY))
    jobs = exhibits.hang(admin)
    page = signed_in(browser, live_server.url, "admin", reduced_motion="reduce")
    found += troubles(page, walk.addresses(jobs))
    page.context.clear_cookies()
    found += troubles(page, walk.DOOR)
    assert found == []


def test_spanish_words_break_no_frame_either(
    browser: Browser, live_server: Any, admin: User
) -> None:
    jobs = exhibits.hang(admin)
    page = signed_in(browser, live_server.url, "admin")
    walk.speak_spanish(page, live_server.url)
    found = []
    for name in walk.walk(page, walk.in_spanish(jobs)):
        walk.look(page, "light-360")
        if (excess := page.evaluate(TOO_WIDE)) > 0:
            found.append(f"{name}: {excess} px too wide")
        walk.look(page, "light-1440")
    # Of numbers that were drawn with a comma, for one.
    assert found + page.complaints == []  # type: ignore[attr-defined]
    assert page.locator("html").get_attribute("lang") == "es"


def test_a_search_goes_on_by_keyboard_alone(
    browser: Browser, live_server: Any, admin: User
) -> None:
    rows.task()
    page = signed_in(browser, live_server.url, "admin")
    page.goto(reverse("jobs:jobs") + "?q=state:failed")
    page.keyboard.press("/")
    page.keyboard.type("ta")
    options = page.get_by_role("option")
    options.filter(has_text="task:").first.wait_for()
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
