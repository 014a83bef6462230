"""Pages of real jobs in each theme and width: no rule of axe is broken, nothing is wider
than the window, nothing is refused by the policy."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from project.tasks import images

from . import scene

pytestmark = pytest.mark.browser
TOO_WIDE = "document.scrollingElement.scrollWidth - innerWidth"


# Colours depend on the theme and nothing else does; what is there depends on the width.
COLOURS = {"type": "rule", "values": ["color-contrast"]}
RULES = {
    "light-1440": {},
    "dark-1440": {"runOnly": COLOURS},
    "light-360": {"rules": {"color-contrast": {"enabled": False}}},
    "dark-360": {"runOnly": COLOURS},
}
BROKEN = """async (rules) =>
  (await axe.run({ ...rules, resultTypes: ["violations"] })).violations.map(({ id, nodes }) =>
    `${id}: ${nodes.map((node) => node.html).join(" ").slice(0, 300)}`)"""


def troubles(page: Page) -> Iterator[str]:
    page.evaluate(Axe().axe_script)
    for name, rules in RULES.items():
        scene.look(page, name)
        yield from (f"{page.url} {name}: {broken}" for broken in page.evaluate(BROKEN, rules))
        if (excess := page.evaluate(TOO_WIDE)) > 0:
            yield f"{page.url} {name}: {excess} px too wide"


def test_no_page_breaks_a_rule_or_its_frame(site, sit, olga, samples):
    addresses = scene.put_up(site, olga, samples)
    page = sit(olga)
    found: list[str] = []
    for name, address in addresses.items():
        page.goto(address)
        if name == "job-running":
            expect(page.locator("#live")).to_have_text("Live")
        found += troubles(page)
    assert found == []
    assert page.complaints == []


def test_no_form_breaks_a_rule_or_its_frame(site, sit, olga):
    page = sit()
    page.goto("/login/")
    found = list(troubles(page))
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += troubles(page)
    page = sit(olga)
    page.goto(reverse("jobs:task", args=[images.process_images.name]))
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("Nothing was started.")).to_be_visible()
    found += troubles(page)
    assert found == []
