"""Whatever a task says of itself is text on our pages, never markup and never code."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs import enqueue
from jobs.models import Task
from tests.waiting import eventually
from tests.watched_tasks import BITES, FUNCTION, HOSTILE, bite

pytestmark = pytest.mark.browser
STRANGE = """img[src=x], main script, main [onerror], main [onload], main [onfocus],
  [href^="javascript"]"""

# A picture that is asked for after those in the page fails after them.
AFTER_ALL_IMAGES = """() => new Promise((done) => {
  const image = new Image();
  image.onerror = done;
  image.src = `no-such-picture?${Math.random()}`;
})"""


@pytest.fixture
def bitten() -> list[str]:
    return []


@pytest.fixture
def victim(olga: User) -> User:
    """Olga with a hostile name, among tasks that call themselves hostile names."""
    User.objects.filter(pk=olga.pk).update(first_name=BITES[0], last_name=BITES[1])
    about = {"title": HOSTILE[:200], "description": HOSTILE, "tags": list(BITES)}
    Task.objects.filter(pk=bite.name).update(**about)
    for number, error in enumerate(("", f"Traceback\n{HOSTILE}")):
        broken = Task.objects.create(name=f"{number}{HOSTILE}"[:200], error=error, **about)
        broken.runners.set(olga.groups.all())
    olga.refresh_from_db()
    return olga


@pytest.fixture
def pages(sit: Callable[..., Page], victim: User, bitten: list[str]) -> list[Page]:
    """One under the policy of the site, and one where nothing but our escaping stands
    between a text and its wish."""
    opened = [sit(victim), sit(victim, bypass_csp=True)]
    for page in opened:
        page.expose_function(FUNCTION, lambda: bitten.append(HOSTILE))
    return opened


def unharmed(page: Page, bitten: list[str]) -> None:
    page.evaluate(AFTER_ALL_IMAGES)
    assert page.locator(STRANGE).count() == 0, page.content()
    assert bitten == []
    assert page.complaints == []


def test_the_text_would_bite(sit, olga, bitten):
    page = sit(olga, bypass_csp=True)
    page.expose_function(FUNCTION, lambda: bitten.append(HOSTILE))
    page.goto("/jobs/")
    page.evaluate("(text) => document.querySelector('main').innerHTML = text", HOSTILE)
    eventually(lambda: page.evaluate(AFTER_ALL_IMAGES) or bitten)
    assert page.locator(STRANGE).count() > 3


@pytest.mark.parametrize("fails", [False, True], ids=["completes", "fails"])
def test_a_hostile_job_is_shown_as_text(pages, victim, bitten, tmp_path, fails):
    go = tmp_path / "go"
    given = {"text": HOSTILE, "wait": str(go), "fail": fails}
    job = enqueue(bite.name, given, by=victim, tags=BITES, note=HOSTILE[:200])
    for page in pages:
        page.goto(reverse("jobs:job", args=[job.pk]))
    for page in pages:
        expect(page.locator("#lines")).to_contain_text(BITES[0])
        expect(page.locator("[data-p=message]")).to_contain_text(BITES[1])
        expect(page.locator("#errors")).to_contain_text(BITES[1])
        expect(page.locator("#artifacts")).to_contain_text("onerror")
        unharmed(page, bitten)
    go.touch()
    state = "Failed" if fails else "Completed with errors"
    for page in pages:
        expect(page.locator("#part-head .pill")).to_have_text(state)
        unharmed(page, bitten)
        page.reload()
        expect(page.locator("#part-head .pill")).to_have_text(state)
        unharmed(page, bitten)


def test_hostile_words_that_come_back_with_a_form_are_text(pages, bitten):
    for page in pages:
        page.goto(reverse("jobs:task", args=[bite.name]))
        page.get_by_label("Text").fill(HOSTILE)
        page.get_by_role("button", name="Run now").click()
        expect(page.get_by_text("Nothing was started.")).to_be_visible()
        expect(page.get_by_label("Text")).to_have_value(HOSTILE)
        unharmed(page, bitten)
