"""A queue is paused and opened before the eyes of who waits for a job of it."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from jobs import enqueue
from jobs.models import Queue
from tests.doors import rows
from tests.sample_tasks import add

pytestmark = pytest.mark.browser


@pytest.fixture
def boss(site):
    Queue.objects.note(["celery"])
    return rows.user("boss", is_superuser=True)


def test_a_queue_is_paused_its_job_says_why_and_runs_when_it_is_resumed(site, sit, boss, olga):
    page = sit(boss)
    page.goto(reverse("jobs:queues"))
    row = page.locator("#queues tr", has_text="celery")
    row.get_by_text("Pause…").click()
    row.get_by_label("Reason").fill("its disk is replaced")
    row.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator("#queues")).to_contain_text("its disk is replaced")
    job = enqueue(add.name, {"x": 1}, by=olga)
    hers, his = sit(olga), sit(boss)
    for window in (hers, his):
        window.goto(reverse("jobs:job", args=[job.pk]))
        expect(window.get_by_text("Its queue “celery” is paused.")).to_be_visible()
        expect(window.locator("body")).to_contain_text("its disk is replaced")
    expect(hers.get_by_role("button", name="Resume the queue")).to_have_count(0)
    expect(page.locator("#queues")).to_contain_text("1 job waits for it.")
    his.get_by_role("button", name="Resume the queue").click()
    expect(hers.locator("#part-head .pill")).to_have_text("Completed")
    expect(page.locator("#queues")).not_to_contain_text("its disk is replaced")


def test_a_freeze_is_seen_and_undone_by_who_has_no_scripts(site, sit, boss):
    page = sit(boss, java_script_enabled=False)
    page.goto(reverse("jobs:queues"))
    page.locator("#freeze > summary").click()
    page.locator("#freeze-reason").fill("an incident")
    page.get_by_role("button", name="Freeze everything", exact=True).click()
    expect(page.locator("#frozen")).to_contain_text("an incident")
    job = enqueue(add.name, {"x": 1}, by=boss)
    page.goto(reverse("jobs:job", args=[job.pk]))
    expect(page.locator("body")).to_contain_text("Everything is frozen.")
    page.goto(reverse("jobs:queues"))
    page.get_by_role("button", name="Undo the freeze").click()
    site.ends(job)
