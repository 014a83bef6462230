"""Stuck and waiting jobs as a person sees them, and menus that outlive what changes."""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs import enqueue
from jobs.models import Event, Job
from jobs.states import State
from tests.hostile_tasks import stand_still
from tests.sample_tasks import add
from tests.waiting import eventually
from tests.watched_tasks import fall_silent
from tests.whole.gallery import walk

pytestmark = pytest.mark.browser


@pytest.fixture
def standing(site, olga, tmp_path) -> Iterator[Job]:
    """A running job of hers that neither tells nor hears anything."""
    go = tmp_path / "go"
    params = {"ledger": str(tmp_path / "ledger"), "go": str(go)}
    job = enqueue(stand_still.name, params, by=olga)
    yield site.reaches(job, State.RUNNING)
    go.touch()


def opened(page: Page, job: Job) -> Page:
    page.goto(reverse("jobs:job", args=[job.pk]))
    return page


def show_stack(page: Page) -> None:
    page.get_by_label("More verbs").first.click()
    page.get_by_role("button", name="Show its stack").click()


def test_the_stack_comes_to_the_page_by_itself(sit, olga, standing):
    page = opened(sit(olga), standing)
    expect(page.locator("#live")).to_have_text("Live")
    show_stack(page)
    stack = page.locator("#stack")
    expect(stack).to_contain_text("in stand_still")
    expect(stack).to_contain_text("of attempt 1, taken")
    expect(page.locator("#part-side")).to_contain_text("Stack asked for by Olga Quist")


def test_the_stack_is_there_without_scripts_too(sit, olga, standing):
    page = opened(sit(olga, java_script_enabled=False), standing)
    page.locator("#menu-more > summary").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Show its stack").click()
    text = page.locator("#stack")

    def is_there() -> bool:
        page.reload()
        return "in stand_still" in text.inner_text()

    eventually(is_there, 20, 0.5)


def test_a_silent_job_is_flagged_and_cleared_under_the_eyes(site, sit, olga, tmp_path):
    go = tmp_path / "go"
    job = enqueue(fall_silent.name, {"waits": [str(go), str(tmp_path / "end")]}, by=olga)
    page, rows = opened(sit(olga), job), sit(olga)
    rows.goto(reverse("jobs:jobs"))
    flag = page.get_by_text("It has stalled.")
    expect(flag).to_be_visible()
    expect(rows.locator("#rows .chip", has_text="stalled")).to_be_visible()
    expect(page.locator("#part-side")).to_contain_text("Stalled")
    go.touch()
    expect(flag).to_have_count(0)


def test_the_reason_follows_what_becomes_of_the_job(site, sit, olga):
    job = enqueue(add.name, {"x": 1}, by=olga, queue="nobody", hold=True)
    page = opened(sit(olga), job)
    over, pill = page.locator(".why h2"), page.locator("#part-head .pill")
    expect(over).to_have_text("It is held until a person starts it.")
    expect(pill).to_have_text("Pending: held")
    page.locator(".why").get_by_role("button", name="Start").click()
    expect(over).to_have_text("Nobody serves the queue “nobody”.")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(over).to_have_text("It is paused until a person resumes it.")
    site.start_worker(name="late", queue="nobody")
    page.locator(".why").get_by_role("button", name="Resume").click()
    expect(pill).to_have_text("Completed")
    expect(page.locator(".why")).to_have_count(0)


def test_an_open_menu_and_what_is_typed_outlive_a_change_of_the_job(sit, olga, standing):
    page = opened(sit(olga), standing)
    expect(page.locator("#live")).to_have_text("Live")
    page.locator("#ask-cancel").click()
    reason = page.locator("#reason-cancel")
    reason.fill("wrong album")
    reason.press("Home")
    before = page.locator("#part-head").get_attribute("data-seq")
    other = opened(sit(olga), standing)
    other.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator("#part-head .pill")).to_have_text("Running, pausing…")
    assert page.locator("#part-head").get_attribute("data-seq") != before
    expect(reason).to_be_visible()
    expect(reason).to_have_value("wrong album")
    expect(reason).to_be_focused()
    page.keyboard.type("the ")
    expect(reason).to_have_value("the wrong album")
    page.get_by_role("button", name="Cancel", exact=True).click()
    event = eventually(lambda: Event.objects.filter(job=standing, verb="cancel").first())
    assert event.reason == "the wrong album"


def test_a_panel_that_is_looked_at_again_and_is_the_same_stays_as_it_is(sit, olga):
    """A button must not be taken away under the finger."""
    page = opened(sit(olga), enqueue(add.name, {"x": 1}, by=olga, hold=True))
    expect(page.locator(".why")).to_be_visible()

    def stays() -> bool:
        page.evaluate("window.known = document.querySelector('.why button')")
        with page.expect_response("**part=gauge**"):
            pass
        page.evaluate("new Promise((done) => setTimeout(done))")
        return bool(page.evaluate("window.known.isConnected"))

    # Its "20 s ago" may become another between the old one and the new one.
    assert stays() or stays()


@pytest.mark.parametrize("look", walk.LOOKS)
def test_every_open_menu_can_be_seen_whole(sit, olga, look):
    """Else a phone could not cancel."""
    held = enqueue(add.name, {"x": 1}, by=olga, hold=True)
    page = sit(olga)
    walk.look(page, look)
    pages = {
        reverse("jobs:job", args=[held.pk]): ["#menu-cancel", "#menu-more"],
        reverse("jobs:jobs"): [".bulk .menu"],
    }
    for address, menus in pages.items():
        page.goto(address)
        if ".bulk .menu" in menus:
            page.get_by_label("All that match").check()
        for menu in menus:
            page.locator(f"{menu} > summary").first.click()
            for nested in page.locator(f"{menu} .menu > summary").all():
                nested.click()
            box = page.locator(f"{menu} > .pop").first.bounding_box()
            assert box is not None
            assert box["x"] >= 0 and box["x"] + box["width"] <= walk.LOOKS[look][1], menu
            page.locator("h1").click()


def test_every_verb_is_done_without_scripts(site, sit, olga, standing):
    page = sit(olga, java_script_enabled=False)
    opened(page, enqueue(add.name, {"x": 1}, by=olga, queue="nobody", hold=True))
    pill = page.locator("#part-head .pill")
    for verb, state in (("Start", "Queued"), ("Pause", "Paused"), ("Resume", "Queued")):
        page.locator(".verbs").get_by_role("button", name=verb, exact=True).click()
        expect(pill).to_have_text(state)
    with_reason(page, "cancel", "Cancel")
    expect(pill).to_have_text("Cancelled")
    page.get_by_role("button", name="Run again", exact=True).click()
    expect(page.locator("#part-side")).to_contain_text("Again of")
    page.locator("#ask-more").click()
    with_reason(page, "fail", "Mark as failed")
    expect(pill).to_have_text("Failed")
    expect(page.locator("#part-side")).to_contain_text("because of fail")
    opened(page, standing)
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(pill).to_have_text("Running, pausing…")
    with_reason(page, "terminate", "End now")
    paused = site.reaches(standing, State.PAUSED)
    assert paused.events.filter(verb="terminate", reason="because of terminate").exists()


def with_reason(page: Page, verb: str, button: str) -> None:
    page.locator(f"#ask-{verb}").click()
    page.locator(f"#reason-{verb}").fill(f"because of {verb}")
    page.locator(f"#menu-{verb}").get_by_role("button", name=button, exact=True).click()
