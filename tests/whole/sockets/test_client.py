"""The client of our pages, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page

from jobs.states import State
from tests.whole.chromium import chromium

from .conftest import APPLICATION
from .web import Web, session_of
from .worker import a_job, lines, move, progress, report, store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FOLLOW = """async ([topic, known]) => {
  const { subscribe } = await import("/static/jobs/js/socket.js");
  window.heard ??= [];
  window.said ??= [];
  window.leave = subscribe(topic, {
    ...known,
    message: (one) => heard.push(one),
    status: (text) => said.push(text),
  });
}"""

COUNT_NEW = """() => {
  window.opened = 0;
  window.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url);
      window.opened += 1;
    }
  };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def own_web(redis_server: str, transactional_db: None) -> Iterator[Web]:
    server = Web(APPLICATION, redis_server).start()
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser, own_web: Web, ana: User) -> Iterator[Page]:
    context = browser.new_context()
    name, value = session_of(ana).split("=")
    context.add_cookies([{"name": name, "value": value, "url": f"http://{own_web.host}"}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"http://{own_web.host}/static/jobs/js/socket.js")
    yield page
    context.close()


def follow(page: Page, job: Any, **known: int) -> None:
    page.evaluate(FOLLOW, [f"job:{job.id}", known])


def wait(page: Page, condition: str) -> None:
    page.wait_for_function(condition)


def test_a_page_hears_of_its_job(page: Page, ana: User) -> None:
    job = a_job(ana)
    follow(page, job)
    wait(page, "said.at(-1) === 'live'")
    move(job, reason="because")
    report(job, progress(job, 1))
    wait(page, "heard.length === 3")
    assert page.evaluate("heard.map((m) => m.type)") == ["snapshot", "state", "progress"]
    assert page.evaluate("said") == ["connecting", "live"]


def test_a_page_outlives_its_server_and_misses_and_repeats_nothing(
    page: Page, own_web: Web, ana: User
) -> None:
    job = a_job(ana)
    follow(page, job, after=job.version, logAfter=0)
    wait(page, "said.at(-1) === 'live'")
    first = lines(job, 1, 2)
    store(job, first)
    report(job, first)
    wait(page, "heard.length === 1")
    own_web.stop()
    wait(page, "said.at(-1) === 'offline'")
    move(job, reason="while nobody was there")
    store(job, lines(job, 3, 2))
    own_web.start()
    wait(page, "said.at(-1) === 'live'")
    wait(page, "heard.length === 3")
    told = page.evaluate("heard.map((m) => [m.type, m.seq, (m.lines ?? []).map((l) => l[0])])")
    assert told == [["log", 1, [1, 2]], ["snapshot", 2, []], ["log", 2, [3, 4]]]


def test_what_may_not_be_seen_is_closed_and_the_rest_goes_on(
    page: Page, ana: User, bob: User
) -> None:
    follow(page, a_job(bob))
    wait(page, "said.at(-1) === 'closed:4404'")
    own = a_job(ana)
    follow(page, own)
    wait(page, "said.at(-1) === 'live'")
    move(own, State.CANCELLED)
    wait(page, "heard.at(-1).type === 'state'")


def test_a_page_whose_session_ends_is_told_and_stays_away(page: Page, ana: User) -> None:
    follow(page, a_job(ana))
    wait(page, "said.at(-1) === 'live'")
    page.evaluate(COUNT_NEW)
    Session.objects.all().delete()
    wait(page, "said.at(-1) === 'closed:4401'")
    page.evaluate("dispatchEvent(new Event('online'))")  # wakes those that want to come back
    assert page.evaluate("opened") == 0


def test_a_page_may_watch_fifty_jobs_at_once(page: Page, ana: User) -> None:
    made = [a_job(ana) for _nth in range(50)]
    follow(page, made[0])
    wait(page, "said.at(-1) === 'live'")
    for job in made[1:]:
        follow(page, job)
    wait(page, "heard.length === 50")
    move(made[49])
    wait(page, "heard.at(-1).type === 'state'")
    assert not page.evaluate("said.some((text) => text.startsWith('closed'))")


def test_all_of_a_page_share_one_socket_and_the_last_to_leave_closes_it(
    page: Page, ana: User
) -> None:
    sockets: list[Any] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    follow(page, a_job(ana))
    wait(page, "heard.length === 1")
    page.evaluate("void (window.first = leave)")
    follow(page, a_job(ana))
    wait(page, "heard.length === 2")
    assert len(sockets) == 1
    with sockets[0].expect_event("close"):
        page.evaluate("first(), leave()")
