"""With scripts switched off everything still works; only nothing moves by itself."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs import enqueue
from jobs.models import Job
from tests.sample_tasks import report

pytestmark = pytest.mark.browser


def sign_in(page: Page, password: str) -> None:
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_person_signs_in_runs_and_reads_without_scripts(site, sit, olga, tmp_path):
    page = sit(java_script_enabled=False)
    page.goto("/tasks/")
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in(page, "secret")
    page.get_by_role("link", name=f"Run {report.name}", exact=True).click()
    page.get_by_label("Wait").fill(str(tmp_path / "go"))
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was started.")
    total = page.get_by_label("Total")
    expect(total).to_have_attribute("aria-invalid", "true")
    assert Job.objects.count() == 0
    total.fill("250")
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url("**/jobs/*/")
    (tmp_path / "go").touch()
    job = site.ends(Job.objects.get())
    page.reload()
    expect(page.locator("#part-head .pill")).to_have_text("Completed")
    expect(page.locator("#result")).to_contain_text("250")
    page.get_by_role("link", name="Jobs", exact=True).first.click()
    expect(page.locator(f'tr[data-job="{job.pk}"] .st')).to_have_text("Completed")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_log_is_leafed_through_and_downloaded_without_scripts(site, sit, olga):
    job = site.ends(enqueue(report.name, {"total": 250}, by=olga))
    page = sit(olga, java_script_enabled=False)
    page.goto(reverse("jobs:job", args=[job.pk]))
    expect(page.locator("#lines li")).to_have_count(200)
    page.get_by_role("link", name="Load earlier").click()
    expect(page.locator("#lines")).to_contain_text("line 49")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    lines = download.value.path().read_text().splitlines()
    assert [line.split()[-1] for line in lines] == [str(number) for number in range(250)]


def test_each_wrong_field_says_why_without_scripts(site, sit, olga):
    page = sit(olga, java_script_enabled=False)
    page.goto(reverse("jobs:task", args=["project.tasks.images.process_images"]))
    page.get_by_label("Blur radius").fill("900")
    page.get_by_label("Max side").fill("9000")
    page.get_by_role("button", name="Run now").click()
    told = page.get_by_role("alert")
    for label in ("Pictures", "Operations", "Blur radius", "Max side"):
        expect(told.get_by_role("link", name=label)).to_be_visible()
    expect(page.get_by_label("Blur radius")).to_have_value("900")
    expect(page.locator(".err")).to_have_count(4)
    assert Job.objects.count() == 0
