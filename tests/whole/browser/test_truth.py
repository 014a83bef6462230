"""Counts, chips and words of a page that nobody loads again never contradict the row."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from jobs import enqueue
from tests.doors import rows
from tests.sample_tasks import report

pytestmark = pytest.mark.browser


def test_the_frame_of_a_job_page_follows_its_end(site, sit, olga, tmp_path):
    go = tmp_path / "go"
    job = enqueue(report.name, {"total": 1, "wait": str(go)}, by=olga)
    page = sit(olga)
    page.goto(reverse("jobs:job", args=[job.pk]))
    expect(page.locator("#nav-running")).to_have_text("1 running")
    expect(page.locator("#log .n")).to_have_text("1 line")
    go.touch()
    expect(page.locator("#part-head .pill")).to_have_text("Completed")
    expect(page.locator("#nav-running")).to_be_empty()
    expect(page.locator("#live")).to_have_count(0)
    expect(page.locator("#gauge")).to_have_count(0)
    expect(page.locator("#log .n")).to_have_text("1 line")
    assert "running" not in page.locator("body").inner_text().lower()


def test_chips_and_counts_of_the_list_follow_its_rows(site, sit, olga, tmp_path):
    go = tmp_path / "go"
    jobs = [enqueue(report.name, {"total": 1, "wait": str(go)}, by=olga) for _ in range(2)]
    page = sit(olga)
    page.goto("/jobs/")
    chip = page.locator("#states a")
    expect(chip.filter(has_text="Running").locator("b")).to_have_text("2")
    expect(page.locator("#nav-running")).to_have_text("2 running")
    go.touch()
    for job in jobs:
        state = page.locator(f'tr[data-job="{job.pk}"] .st')
        expect(state).to_have_text("Completed")
    expect(chip.filter(has_text="Running").locator("b")).to_have_text("0")
    expect(chip.filter(has_text="Completed").locator("b").first).to_have_text("2")
    expect(page.locator("#nav-running")).to_be_empty()


def test_the_page_of_a_job_in_the_admin_follows_it(site, sit, tmp_path):
    go = tmp_path / "go"
    boss = rows.user("boss", is_superuser=True, is_staff=True)
    job = enqueue(report.name, {"total": 1, "wait": str(go)}, by=boss)
    page = sit(boss)
    page.goto(reverse("admin:jobs_job_change", args=[job.pk]))
    now = page.locator("#batuta-now")
    expect(now.locator(".pill")).to_have_text("Running")
    expect(now.locator("#live")).to_have_text("Live")
    expect(now.get_by_role("button", name="Pause")).to_be_visible()
    page.evaluate("window.isTheSame = true")
    go.touch()
    expect(now.locator(".pill")).to_have_text("Completed")
    expect(now.get_by_role("button", name="Run again")).to_be_visible()
    assert page.evaluate("window.isTheSame")
