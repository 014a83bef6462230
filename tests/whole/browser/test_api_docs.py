"""The page about the API works under our own rules, and from this server alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.sample_tasks import add
from tests.whole.site import Site

pytestmark = pytest.mark.browser


def test_the_api_is_read_and_tried(site: Site, sit, olga) -> None:
    page: Page = sit(olga)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/docs")
    run = page.locator("#operations-tasks-run, [id$=tasks_run]").first
    expect(run).to_be_visible()
    run.click()
    run.get_by_role("button", name="Try it out").click()
    run.get_by_placeholder("name").fill(add.name)
    run.locator("textarea").fill('{"params": {"x": 1}}')
    run.get_by_role("button", name="Execute").click()
    answer = run.locator(".live-responses-table tbody .response-col_status").first
    expect(answer).to_contain_text("202")
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    assert page.complaints == []
