"""What a person sees in a real browser while real workers run."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from jobs.dispatch.enqueue import enqueue
from jobs.live import messages
from jobs.models import Job
from jobs.signals import job_reported
from jobs.states import State
from jobs.templatetags.ansi import ansi
from tests.doors import rows

from .chromium import chromium, signed_in
from .site import Site

pytestmark = pytest.mark.browser
REPORT = "tests.sample_tasks.report"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def admin(site: Site) -> Any:
    return rows.user("admin", is_superuser=True, is_staff=True)


@pytest.fixture
def page(site: Site, browser: Browser, admin: Any) -> Iterator[Page]:
    page = signed_in(browser, site.url, "admin")
    yield page
    assert page.complaints == []  # type: ignore[attr-defined]
    page.context.close()


def opened(page: Page, job: Job) -> None:
    page.goto(reverse("jobs:job", args=[job.pk]))


def held(tmp_path: Path) -> Path:
    """The file that lets a waiting sample task go on."""
    return tmp_path / "go"


def test_a_job_is_run_watched_reloaded_and_seen_to_its_end(page, tmp_path):
    go = held(tmp_path)
    page.goto(reverse("jobs:task", args=[REPORT]))
    page.get_by_label("Total").fill("8")
    page.get_by_label("Wait").fill(str(go))
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.locator("[data-p=percent]")).to_have_text("100 %")
    expect(page.locator("#gauge [data-bar]")).to_have_attribute("aria-valuenow", "100")
    expect(page.locator("#lines")).to_contain_text("line 7")
    page.reload()
    expect(page.locator("#part-head .pill")).to_have_text("Running")
    expect(page.locator("[data-p=percent]")).to_have_text("100 %")
    go.touch()
    expect(page.locator("#part-head .pill")).to_have_text("Completed")
    expect(page.locator("#result")).to_contain_text("8")
    expect(page).to_have_title(re.compile("^Completed: "))
    expect(page.locator("#live")).to_have_count(0)


def test_the_first_page_and_that_of_a_task_follow_what_jobs_do(page, admin, tmp_path):
    page.goto(reverse("jobs:home"))
    expect(page.locator("#running")).to_contain_text("Nothing runs now")
    expect(page.locator("#live")).to_have_text("Live")
    job = enqueue(REPORT, {"total": 8, "wait": str(held(tmp_path))}, by=admin)
    row = page.locator(f'#running [data-job="{job.pk}"]')
    expect(row.locator("[data-bar]")).to_have_attribute("aria-valuenow", "100")
    task = page.context.new_page()
    task.goto(reverse("jobs:task", args=[REPORT]))
    expect(task.locator(f'#recent [data-job="{job.pk}"] .st')).to_have_text("Running")
    held(tmp_path).touch()
    expect(task.locator(f'#recent [data-job="{job.pk}"] .st')).to_have_text("Completed")
    expect(page.locator("#running")).to_contain_text("Nothing runs now", timeout=20_000)


def test_lines_come_live_in_colours_and_as_text(page, admin, tmp_path):
    job = enqueue(REPORT, {"total": 3, "wait": str(held(tmp_path))}, by=admin)
    opened(page, job)
    expect(page.locator("#lines li")).to_have_count(3)
    numbers = page.locator("#lines li a").all_inner_texts()
    assert numbers == ["1", "2", "3"]
    page.get_by_label("Find in the whole log").fill("line")
    expect(page.locator("#log-hits")).to_contain_text("1 of 3")
    come = [[4, "2026-08-22T14:12:06Z", "info", "\x1b[31mLi\x1b[0mne 4"]]
    come.append([5, "2026-08-22T14:12:06Z", "info", "something else"])
    frames = [messages.log(job.pk, 1, 4, come)]
    job_reported.send(sender=None, job_id=job.pk, frames=frames)
    expect(page.locator("#log-hits")).to_contain_text("1 of 4")
    page.get_by_label("The one before").click()
    expect(page.locator("#L4")).to_be_in_viewport()
    held(tmp_path).touch()
    expect(page.locator("#part-head .pill")).to_have_text("Completed")


def test_another_person_sees_nothing_of_it(site, browser, admin):
    job = rows.job(State.COMPLETED, owner=admin)
    rows.user("stranger")
    page = signed_in(browser, site.url, "stranger")
    page.goto(reverse("jobs:jobs"))
    expect(page.get_by_text("Nothing ran yet")).to_be_visible()
    assert page.goto(reverse("jobs:job", args=[job.pk])).status == 404  # type: ignore[union-attr]
    page.context.close()


def test_a_double_click_runs_one_job(page):
    page.goto(reverse("jobs:task", args=[rows.ADD]))
    page.get_by_label("X").fill("2")
    page.get_by_role("button", name="Run now").dblclick()
    expect(page.locator("#part-head .pill")).to_have_text("Completed")
    assert Job.objects.count() == 1


def test_without_a_socket_the_page_asks_and_says_so(page, admin, tmp_path):
    page.route_web_socket("**/ws", lambda socket: socket.close())
    job = enqueue(REPORT, {"total": 4, "wait": str(held(tmp_path))}, by=admin)
    opened(page, job)
    expect(page.locator("#live")).to_have_text("Not live: asks every 2 s")
    expect(page.locator("#lines")).to_contain_text("line 3")
    held(tmp_path).touch()
    expect(page.locator("#part-head .pill")).to_have_text("Completed")


COLOURFUL = [
    "plain & <b>", "\x1b[31mred\x1b[0m no", "\x1b[1;32mboth", "\x1b[2mdim\x1b[22m no",
    "\x1b[90mgrey\x1b[39m", "\x1b[38;5;1mone\x1b[38;5;200;1mbeyond", "\x1b[38;2;1;31;32mtrue",
    "\x1b[31;48;5;32m<script>alert(1)</script>", "\x1b[38", "\x1b[;;;;31mx", "", "\x1b[97mw",
]  # fmt: skip


def test_lines_look_the_same_whoever_draws_them(page):
    drawn = """async (texts) => {
        const { ansi } = await import("/static/jobs/js/ansi.js");
        return texts.map((text) => {
            const line = document.createElement("code");
            line.append(ansi(text));
            return line.innerHTML;
        });
    }"""
    by_server = [str(ansi(text)).replace("&#x27;", "'") for text in COLOURFUL]
    assert page.evaluate(drawn, COLOURFUL) == by_server


def test_a_job_one_may_no_longer_see_leaves_the_page(site, browser, admin, tmp_path):
    owner = rows.user("owner")
    job = enqueue(REPORT, {"total": 2, "wait": str(held(tmp_path))}, by=owner)
    page = signed_in(browser, site.url, "owner")
    page.route_web_socket("**/ws", lambda socket: socket.close())
    opened(page, job)
    expect(page.locator("#lines")).to_contain_text("line 1")
    Job.objects.update(owner=admin)
    expect(page.get_by_text("You may no longer see this job")).to_be_visible()
    expect(page.locator("#lines")).to_have_count(0)
    held(tmp_path).touch()
    page.context.close()


def test_rows_of_the_list_change_in_place_and_new_ones_are_announced(page, admin, tmp_path):
    first = enqueue(REPORT, {"total": 2, "wait": str(held(tmp_path))}, by=admin)
    page.goto(reverse("jobs:jobs"))
    row = page.locator(f'tr[data-job="{first.pk}"]')
    expect(row.locator(".st")).to_have_text("Running")
    held(tmp_path).touch()
    expect(row.locator(".st")).to_have_text("Completed")
    enqueue(rows.ADD, {"x": 1}, by=admin)
    expect(page.locator("#rows tr")).to_have_count(1)
    page.get_by_role("link", name="1 new job: show it").click()
    expect(page.locator("#rows tr")).to_have_count(2)


def test_of_a_long_log_only_what_is_in_view_is_in_the_page(page, admin):
    job = rows.job(State.COMPLETED, owner=admin)
    rows.log(job, *[f"text {n}" for n in range(1, 3000)])
    rows.log(job, "something broke", level="error", first=3000)
    opened(page, job)
    lines = page.locator("#lines li")
    page.locator("#lines").scroll_into_view_if_needed()
    expect(page.locator("#L3000")).to_be_in_viewport()
    page.locator("#lines").evaluate("(list) => (list.scrollTop = list.scrollHeight / 2)")
    expect(page.locator("#L1500")).to_contain_text("text 1500")
    assert lines.count() < 250
    page.goto(reverse("jobs:job", args=[job.pk]) + "#L42-L44")
    expect(page.locator("#lines .at")).to_have_count(3)
    expect(page.locator("#L42")).to_be_in_viewport()
    page.locator("#L40 a").click()
    page.locator("#L43 a").click(modifiers=["Shift"])
    assert page.evaluate("location.hash") == "#L40-L43"
    page.get_by_label("Find in the whole log").fill("text 29")
    expect(page.locator("#log-hits")).to_contain_text("1 of 111")
    expect(page.locator("#L29")).to_be_in_viewport()
    page.get_by_label("The one before").click()
    expect(page.locator("#L2999")).to_be_in_viewport()
    expect(page.locator("#L2999 mark")).to_have_text("text 29")
    page.get_by_label("Level").select_option("warnings and errors")
    expect(lines).to_have_count(1)
    expect(page.locator("#log-hits")).to_contain_text("not found")
    assert (
        page.locator("#log-download")
        .get_attribute("href")
        .endswith("level=warning&find=text+29")
    )


def test_keys_move_tick_search_and_explain(page, admin):
    jobs = [rows.job(State.COMPLETED, owner=admin, ago=ago) for ago in (1, 2, 3)]
    page.goto(reverse("jobs:jobs"))
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    for key in "jjjkx":
        page.keyboard.press(key)
    ticked = page.locator("#rows [name=job]:checked")
    expect(ticked).to_have_count(1)
    expect(ticked).to_have_value(str(jobs[1].pk))
    expect(page.locator("tr.cursor a.tn")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("jkx?")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("jkx?")
    page.locator("tr.cursor a.tn").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/jobs/{jobs[1].pk}/")


def test_a_chosen_theme_is_kept(page):
    page.get_by_text("Dark", exact=True).click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_text("System", exact=True).click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") is None
