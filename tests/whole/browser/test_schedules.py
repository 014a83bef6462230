"""A schedule from its form in the admin to its jobs, on the whole site."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from playwright.sync_api import Page, expect

from jobs.models import Job
from jobs.states import State
from tests.doors import rows
from tests.sample_tasks import add

pytestmark = pytest.mark.browser


def test_a_schedule_is_made_in_the_admin_fires_live_is_paused_and_backfilled(site, sit):
    page = sit(rows.user("boss", is_superuser=True, is_staff=True))
    make(page)
    entry = PeriodicTask.objects.get(name="every second")
    page.goto(reverse("jobs:schedule", args=[entry.pk]))
    expect(page.locator("#recent").get_by_text("Completed").first).to_be_visible()
    pause(page)
    page.goto(reverse("jobs:backfill", args=[entry.pk]))
    backfill(page)
    assert Job.objects.filter(backfill__isnull=False, state=State.COMPLETED).exists()
    assert page.complaints == []


def make(page: Page) -> None:
    page.goto(reverse("admin:django_celery_beat_periodictask_add"))
    ahead = page.locator("#ahead")
    page.get_by_label("Name").fill("every second")
    page.get_by_label("Task").select_option(add.name)
    page.locator("[name=given-x]").fill("2")
    page.get_by_label("Cron line").fill("30 2 * * mon-fri")
    expect(ahead).to_contain_text("02:30")
    expect(page.get_by_label("Every:")).to_be_hidden()
    page.get_by_label("Cron line").fill("30 25 * * *")
    expect(ahead.get_by_role("link", name="Cron line")).to_be_visible()

    page.get_by_label("every so often").check()
    expect(page.get_by_label("Cron line")).to_be_hidden()
    page.get_by_label("Every:").fill("1")
    page.get_by_label("Unit").select_option("seconds")
    expect(ahead).to_contain_text("Every second")
    expect(page.locator("[name=given-x]")).to_have_value("2")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("every second")


def pause(page: Page) -> None:
    page.locator("#ask-pause").click()
    page.locator("#reason-pause").fill("the provider is down")
    page.locator("#menu-pause [type=submit]").click()
    expect(page.locator("#main")).to_contain_text("the provider is down")


def backfill(page: Page) -> None:
    """What it has run is run once more."""
    now = timezone.now()
    page.get_by_label("From").fill(f"{now - timedelta(minutes=2):%Y-%m-%dT%H:%M}")
    page.get_by_label("Until").fill(f"{now + timedelta(minutes=1):%Y-%m-%dT%H:%M}")
    page.get_by_label("Which moments").select_option("all")
    page.get_by_label("At the same time").fill("9")
    page.get_by_role("button", name="Show what would run").click()
    page.get_by_role("button", name=re.compile("^Run [0-9]+ job")).click()
    expect(page.locator("#progress")).to_contain_text("It is over.")
