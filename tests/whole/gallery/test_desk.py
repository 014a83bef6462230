"""Our pages of the admin break no rule that axe knows but those that Django's own templates
break, in the places named here: light on a wide screen, dark on a narrow one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.whole.chromium import signed_in

from . import exhibits, walk

pytestmark = pytest.mark.browser
FRAMES_OF_OTHERS = {"admin", "api-docs"}  # the index is Django's, the other one Swagger's
# What axe finds in Django's templates: the rule, and by what one knows the place.
DJANGOS = {
    "label-title-only": 'id="searchbar"',  # its label is a picture, its help only described
    "empty-table-header": "<th",  # of rows that are told below each other (inlines)
    "scrollable-region-focusable": "js-inline-admin-formset",  # a table too wide for a phone
    "label": r'class="v(Date|Time)Field"',  # a day and a time under one label, of neither
    "aria-prohibited-attr": "help-tooltip",  # the sign beside a field that narrows a choice
}
BROKEN = """async () => (await axe.run({ resultTypes: ["violations"] })).violations
  .flatMap(({ id, nodes }) => nodes.map((node) => [id, node.html.slice(0, 300)]))"""


def troubles(page: Page, pages: dict[str, str]) -> Iterator[str]:
    for name in walk.walk(page, pages):
        page.evaluate(Axe().axe_script)
        for look in ("light-1440", "dark-360"):
            walk.look(page, look)
            for rule, place in page.evaluate(BROKEN):
                if not (rule in DJANGOS and re.search(DJANGOS[rule], place)):
                    yield f"{name} {look}: {rule}: {place}"


def test_no_page_of_ours_in_the_admin_breaks_a_rule(
    browser: Browser, live_server: Any, admin: Any
) -> None:
    pages = walk.others(exhibits.hang(admin))
    page = signed_in(browser, live_server.url, "admin", reduced_motion="reduce")
    ours = {name: pages[name] for name in pages.keys() - FRAMES_OF_OTHERS}
    assert list(troubles(page, ours)) == []
