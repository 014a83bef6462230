"""What a screen reader is told of what changes by itself: words, and few of them."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs import enqueue
from jobs.execution import control
from jobs.execution.order import Order
from jobs.models import Job
from project.tasks.basics import long_running_progress
from tests.sample_tasks import add

from .window import until

pytestmark = pytest.mark.browser
LISTEN = """addEventListener("DOMContentLoaded", () => {
  window.heard = [];
  const hear = () => window.heard.push(document.querySelector("#say").textContent);
  new MutationObserver(hear).observe(document.querySelector("#say"), { childList: true });
});"""


def listening(page: Page, address: str) -> Page:
    page.add_init_script(LISTEN)
    page.goto(address)
    expect(page.locator("#live")).to_have_text("Live")
    return page


def test_of_a_job_its_states_are_heard_in_words_and_each_tenth_percent(site, sit, olga):
    job = enqueue(long_running_progress.name, {"steps": 40}, by=olga, hold=True)
    page = listening(sit(olga), reverse("jobs:job", args=[job.pk]))
    control.start(Job.objects.filter(pk=job.pk), Order(by=olga))
    until(page, "window.heard.at(-1) === 'Completed'")
    heard = page.evaluate("window.heard")
    tenths = [int(words.split()[0]) for words in heard if words.endswith(" percent")]
    assert len(tenths) > 3 and tenths == sorted({tenth // 10 * 10 for tenth in tenths})
    states = [words for words in heard if not words.endswith(" percent")]
    assert set(states) <= {"Queued", "Running", "Completed"}
    assert len(states) == len(set(states))


def test_of_a_list_only_that_there_is_something_new_is_heard_once(site, sit, olga):
    page = listening(sit(olga), reverse("jobs:jobs"))
    for number in range(3):
        enqueue(add.name, {"x": number}, by=olga)
        more = "1 new job" if not number else f"{number + 1} new jobs"
        expect(page.locator("#fresh")).to_contain_text(more)
    (heard,) = page.evaluate("window.heard")
    assert heard == "1 new job: show it"
