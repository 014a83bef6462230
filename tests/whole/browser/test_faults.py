"""A page goes through the faults of the site, says so, and in the end knows everything."""

import re
import signal
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs import enqueue
from jobs.models import Job, LogChunk
from jobs.templatetags.words import quantity
from tests import watched_tasks
from tests.sample_tasks import report
from tests.waiting import eventually
from tests.whole.site import Site

from .window import until

pytestmark = pytest.mark.browser
# What Chromium itself says of a server that is not there.
REFUSED = "net::ERR_CONNECTION_REFUSED"
PILL = "#part-head .pill"


def watch(page: Page, job: Any) -> None:
    page.goto(reverse("jobs:job", args=[job.pk]))
    expect(page.locator("#live")).to_have_text("Live")


def stored(job: Job) -> list[str]:
    """All lines of its log, as the database has them."""
    chunks = LogChunk.objects.filter(job=job).order_by("first")
    return [text for chunk in chunks for _, _, text in chunk.lines]


def has_written(job: Job, lines: int) -> bool:
    return len(stored(job)) > lines


SHOWN = """[...document.querySelectorAll("#lines li")].map((line) =>
  [Number(line.id.slice(1)), line.querySelector("code").textContent])"""
# Only lines in view are in the page: all of them come by, in order, while it is scrolled.
ALL = f"""(async () => {{
  const list = document.querySelector("#lines");
  const found = [];
  for (list.scrollTop = 0; ; list.scrollTop += list.clientHeight / 2) {{
    do await new Promise((later) => setTimeout(later, 50));
    while (list.querySelector(".blank"));
    const shown = {SHOWN};
    if (shown.some(([number], place) => number !== shown[0][0] + place)) return shown;
    found.push(...shown.filter(([number]) => number > (found.at(-1)?.[0] ?? 0)));
    if (list.scrollTop + list.clientHeight > list.scrollHeight - 2) return found;
  }}
}})()"""


def test_no_line_is_lost_or_repeated_when_the_web_process_dies(site, sit, olga, tmp_path):
    go = tmp_path / "go"
    job = enqueue(watched_tasks.talk.name, {"wait": str(go)}, by=olga)
    page = sit(olga)
    watch(page, job)
    page.evaluate("window.isTheSame = true")
    until(page, f"({SHOWN}).length > 20")
    site.web.kill()
    expect(page.locator("#live")).to_have_text("Not live: asks every 2 s")
    expect(page.locator("#live")).to_have_text(re.compile("^Last update .* ago, reconnecting"))
    written = len(stored(job))
    eventually(lambda: has_written(job, written + 20))
    site.revive()
    expect(page.locator("#live")).to_have_text("Live")
    written = len(stored(job))
    eventually(lambda: has_written(job, written + 20))
    go.touch()
    expect(page.locator(PILL)).to_have_text("Completed")
    told = stored(job)
    assert len(told) == site.job(job).result
    last = len(told)
    until(page, f"({SHOWN}).at(-1)[0] === {last}")
    words = [[number, f"word {number}"] for number in range(1, last + 1)]
    assert page.evaluate(ALL) == words
    assert [said for said in page.complaints if REFUSED not in said] == []
    assert page.evaluate("isTheSame")
    expect(page.locator("#log .n")).to_have_text(f"{quantity(last)} lines")
    expect(page.locator("#nav-running")).to_be_empty()


def stopped_before_it_stored(site: Site, page: Page, job: Job) -> bool:
    """Whether the worker, which stands still then, has told lines that no row holds."""
    site.worker.signal_all(signal.SIGSTOP)
    if page.evaluate(f"({SHOWN}).at(-1)[0]") > len(stored(job)):
        return True
    site.worker.signal_all(signal.SIGCONT)
    return False


def test_lines_that_a_lost_worker_never_stored_leave_the_page(site, sit, olga, tmp_path):
    go = tmp_path / "go"
    job = enqueue(watched_tasks.talk.name, {"wait": str(go)}, by=olga)
    page = sit(olga)
    watch(page, job)
    until(page, f"({SHOWN}).length > 20")
    eventually(lambda: stopped_before_it_stored(site, page, job))
    site.worker.kill()
    site.revive()
    until(page, f"({SHOWN}).filter(([, text]) => text === 'word 1').length === 2")
    go.touch()
    expect(page.locator(PILL)).to_have_text("Completed")
    told = stored(job)
    until(page, f"({SHOWN}).at(-1)[0] === {len(told)}")
    assert [text for _, text in page.evaluate(ALL)] == told


def test_without_redis_a_page_says_so_asks_and_shows_the_end(site, sit, olga, tmp_path):
    go = tmp_path / "go"
    job = enqueue(report.name, {"total": 3, "wait": str(go)}, by=olga)
    other = enqueue(report.name, {"total": 5, "wait": str(tmp_path / "never")}, by=olga)
    page, listed = sit(olga), sit(olga)
    watch(page, job)
    listed.goto("/jobs/")
    row = listed.locator(f'tr[data-job="{job.pk}"] .st')
    expect(row).to_have_text("Running")
    with site.broker.down():
        expect(page.locator("#live")).to_have_text("Not live: asks every 2 s")
        go.touch()
        expect(page.locator(PILL)).to_have_text("Completed")
        expect(page.locator("#lines li")).to_have_count(3)
        expect(row).to_have_text("Completed")
        page.goto(reverse("jobs:job", args=[other.pk]))
        expect(page.locator(PILL)).to_have_text("Running")
        expect(page.locator("#live")).to_have_text("Not live: asks every 2 s")
    expect(page.locator("#live")).to_have_text("Live")
    (tmp_path / "never").touch()
    expect(page.locator(PILL)).to_have_text("Completed")
    assert page.complaints == []
    assert listed.complaints == []


def test_who_may_no_longer_see_a_job_has_nothing_of_it_on_the_screen(
    site, sit, olga, otto, tmp_path
):
    job = enqueue(watched_tasks.talk.name, {"wait": str(tmp_path / "go")}, by=olga)
    page = sit(olga)
    watch(page, job)
    until(page, f"({SHOWN}).length > 3")
    olga.groups.clear()
    Job.objects.filter(pk=job.pk).update(owner=otto)
    expect(
        page.get_by_text("You may no longer see this job, or it was removed.")
    ).to_be_visible()
    assert "word" not in page.content()


def test_a_page_whose_person_has_signed_out_elsewhere_goes_to_the_door(
    site, sit, olga, tmp_path
):
    job = enqueue(watched_tasks.talk.name, {"wait": str(tmp_path / "go")}, by=olga)
    page = sit(olga)
    watch(page, job)
    twin = page.context.new_page()
    twin.goto("/tasks/")
    twin.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
