"""What stands beside the run form follows what is typed, but for secrets."""

import pytest
from django.urls import reverse
from playwright.sync_api import Request, expect

from tests.doors import form_tasks, rows

from .chromium import signed_in
from .gallery.conftest import browser

__all__ = ["browser"]
pytestmark = pytest.mark.browser


def test_what_can_be_copied_follows_what_is_typed_and_no_secret_leaves(
    browser, live_server, transactional_db
):
    rows.task(form_tasks.many_kinds.name)
    rows.user("admin", is_superuser=True)
    page = signed_in(browser, live_server.url, "admin")
    page.goto(reverse("jobs:task", args=[form_tasks.many_kinds.name]))
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    page.locator("#id_token").fill("hush-hush")
    page.get_by_label("Count").fill("7")
    told = page.locator("#copy-command pre")
    expect(told).to_contain_text("count:=7")
    expect(told).to_contain_text("token=SECRET")
    assert b"hush-hush" not in b"".join(request.post_data_buffer or b"" for request in sent)
    expect(page.get_by_label("Count")).to_be_focused()
