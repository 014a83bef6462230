"""The client of our pages, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Browser, Page

from jobs.states import State
from tests.waiting import eventually
from tests.whole.browser.window import until
from tests.whole.chromium import chromium

from .conftest import APPLICATION
from .web import Web, session_of
from .worker import a_job, lines, move, progress, report, store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The client that the seed of this project shows, word for word; it says itself that one
# replaces the address and the channel.
FIRST_CLIENT = Path(__file__).with_name("first_client.js")

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
    page.goto(f"http://{own_web.host}{reverse('jobs:tokens')}")
    yield page
    context.close()


def follow(page: Page, job: Any, **known: int) -> None:
    page.evaluate(FOLLOW, [f"job:{job.id}", known])


def wait(page: Page, condition: str) -> None:
    until(page, condition)


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


def test_a_page_whose_session_ends_gives_way_to_the_door(page: Page, ana: User) -> None:
    follow(page, a_job(ana))
    wait(page, "said.at(-1) === 'live'")
    Session.objects.all().delete()
    page.wait_for_url(re.compile(r"/login/\?next="))


def test_a_page_whose_session_has_a_new_key_comes_back(
    page: Page, own_web: Web, ana: User
) -> None:
    job = a_job(ana)
    follow(page, job)
    wait(page, "said.at(-1) === 'live'")
    (old,) = Session.objects.values_list("pk", flat=True)
    name, value = session_of(ana).split("=")
    page.context.add_cookies([{"name": name, "value": value, "url": f"http://{own_web.host}"}])
    Session.objects.get(pk=old).delete()
    wait(page, "said.at(-1) === 'connecting'")
    wait(page, "said.at(-1) === 'live'")
    move(job)
    wait(page, "heard.at(-1).type === 'state'")


def test_the_first_client_works_as_it_stands(page: Page, own_web: Web, ana: User) -> None:
    job = a_job(ana)
    told: list[list[Any]] = []
    page.on("console", lambda said: told.append([arg.json_value() for arg in said.args]))
    script = FIRST_CLIENT.read_text().replace("localhost:8000", own_web.host)
    page.evaluate(f"() => {{{script.replace('123:your-task-id', f'{ana.pk}:{job.id}')}}}")
    eventually(lambda: page.evaluate("1") and len(told) == 1)
    report(job, progress(job, 7))
    eventually(lambda: page.evaluate("1") and len(told) == 2)
    move(job, State.CANCELLED)
    eventually(lambda: page.evaluate("1") and len(told) == 3)
    assert [word for word, _data in told] == ["evento:"] * 3
    for _word, data in told[:2]:
        assert data.keys() >= {"task_id", "progress", "status", "message"}
    assert told[1][1]["message"] == "step 7"
    assert [data["status"] for _word, data in told][2] == "cancelled"
    assert {data["task_id"] for _word, data in told} == {job.id}


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
