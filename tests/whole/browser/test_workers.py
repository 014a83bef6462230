"""A pool grows by a click, and its page shows it."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from jobs.models import Event, Worker
from tests.doors import rows
from tests.waiting import eventually

pytestmark = pytest.mark.browser


def test_a_pool_grows_before_ones_eyes(site, sit):
    site.start_worker(name="swell", slots=1)
    eventually(lambda: Worker.objects.filter(pk="swell@tests", slots=1).exists())
    page = sit(rows.user("boss", is_superuser=True))
    page.goto(reverse("jobs:workers"))
    page.get_by_label("Verbs for swell@tests").click()
    page.locator("[id='menu-swell@tests']").get_by_role("link", name="Grow its pool").click()
    page.get_by_label("How many").fill("2")
    page.get_by_label("Reason").fill("many wait")
    page.get_by_role("button", name="Grow its pool").click()
    expect(page.locator("#main")).to_contain_text("pool will grow")
    expect(page.get_by_role("img", name="of 3 slots busy")).to_be_visible()
    expect(page.locator("#story")).to_contain_text("many wait")
    assert Event.objects.get(verb="grow").after["answer"] == "pool will grow"
    page.locator("#ask-it").click()
    page.get_by_role("link", name="Tasks that it knows").click()
    expect(page.get_by_role("region")).to_contain_text("tests.sample_tasks.add")
    assert page.complaints == []
