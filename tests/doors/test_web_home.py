"""The first page: what runs, what is wrong, what waits and why, what comes next."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import Leader, Worker
from jobs.states import State
from tests.nouns.test_workers import FACTS

from . import desk, rows

pytestmark = pytest.mark.django_db
HOME = reverse("jobs:home")


@pytest.fixture
def admin(client: Client) -> Client:
    rows.task()
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def now(client: Client, **query: Any) -> Any:
    return client.get(HOME, query).context["now"]


def failed(error: str, ago: float = 60, **columns: Any) -> Any:
    return rows.job(State.FAILED, error_type="Declined", error=error, ago=ago, **columns)


def test_failures_are_told_by_cause_not_one_by_one(admin):
    for number in range(3):
        failed(f"card {number} of order 0x{number}f\nmore")
    failed("card 1 of order 0x1f", task="other.task")
    failed("no money")
    found = now(admin).failed
    told = {(cause.last.task, cause.last.words): cause.count for cause in found.causes}
    assert found.count == 5
    assert told == {
        (rows.ADD, "Declined: card 2 of order 0x2f"): 3,
        ("other.task", "Declined: card 1 of order 0x1f"): 1,
        (rows.ADD, "Declined: no money"): 1,
    }


def test_no_message_makes_the_page_hang(admin):
    for text in ("a" * 199 + "g", "deadbeef-" * 22 + "g", "a-" * 100, "f" * 12 + "-" * 188):
        failed(text)
    assert now(admin).failed.count == 4


def test_ids_of_each_kind_are_the_same_cause(admin):
    for one in ("0198c0de-1234-7abc-8def-0123456789ab", "deadbeefcafe", "0x7f", "12"):
        failed(f"no row {one} here")
    failed("no row deadbeef here")
    assert [cause.count for cause in now(admin).failed.causes] == [4, 1]


def test_a_cause_leads_to_its_jobs_and_to_running_them_again(admin):
    for number in range(2):
        failed(f"card of order {number} was declined")
    failed("no money")
    wrong = next(each for each in now(admin).wrong if each.cause.count == 2)
    assert wrong.may_run
    page = admin.get(reverse("jobs:jobs") + wrong.address)
    assert len(page.context["sheets"]) == 2
    asked = admin.get(reverse("jobs:bulk") + wrong.address + "&verb=retry&all=1")
    assert asked.status_code == 200 and "2 jobs" in asked.content.decode()


def test_one_looks_back_as_far_as_the_address_says(admin):
    failed("old", ago=3 * 86_400)
    failed("new", ago=1_800)
    assert [now(admin, since=since).failed.count for since in ("1h", "24h", "7d", "x")] == [
        1, 1, 2, 1,
    ]  # fmt: skip


def test_failures_are_counted_up_to_a_bound_and_that_is_told(admin, monkeypatch):
    monkeypatch.setattr("jobs.reading.causes.COUNTED", 3)
    for _ in range(4):
        failed("again")
    assert "3+" in admin.get(HOME).content.decode()


def test_what_runs_stands_with_what_is_usual(admin):
    for _ in range(3):
        rows.job(State.COMPLETED, ago=5000)  # 2 s each
    late = rows.job(State.RUNNING, ago=60)
    soon = rows.job(State.RUNNING, ago=1)
    found = now(admin)
    assert [(row.sheet.job.pk, row.is_late) for row in found.rows] == [
        (late.pk, True),
        (soon.pk, False),
    ]
    assert "usual 2.0 s" in admin.get(HOME).content.decode()


def test_what_waits_is_told_by_reason(admin):
    Worker.tell("main@node", FACTS | {"queues": ["celery"]})
    for _ in range(3):
        rows.job()
    rows.job(queue="reports")
    rows.job(State.PENDING, waiting_for="start")
    soon = timezone.now() + timedelta(minutes=5)
    rows.job(State.RETRYING, not_before=soon)
    found = [(each.why, each.count, each.is_stuck) for each in now(admin).pending]
    assert found[:2] == [
        ("No worker takes from their queue", 1, True),
        ("In line for a worker", 3, False),
    ]
    assert {*found[2:]} == {
        ("Held until a person starts them", 1, False),
        ("Tried again later", 1, False),
    }
    assert (now(admin).waiting, now(admin).stuck) == (6, 1)


def test_what_comes_next_are_fires_and_jobs_with_a_time(admin):
    soon = timezone.now() + timedelta(seconds=20)
    job = rows.job(State.PENDING, waiting_for="time", not_before=soon)
    rows.job(State.PENDING, waiting_for="start", not_before=soon)
    desk.schedule("each minute")
    desk.schedule("off", enabled=False)
    found = now(admin).coming
    assert [turn.job or turn.words for turn in found.turns] == [
        job.pk,
        "each minute: Every minute",
    ]
    assert found.within_the_hour == 2


def test_a_beat_that_is_silent_late_or_not_alone_is_told(admin):
    def told() -> str:
        return admin.get(HOME, {"part": "now"}).content.decode()

    assert "Nobody fires schedules" not in told()
    desk.schedule("each minute")
    assert "no beat has run yet" in told()
    Leader.hold(Leader.SCHEDULES, "web-1:17", 60)
    assert "Nobody fires schedules" not in told()
    Leader.hold(Leader.SCHEDULES, "web-1:17", 60, lag_seconds=42.0)
    assert "fired 42 s too late" in told()
    Leader.hold(Leader.STRANGER, "?", 60)
    assert "they run twice" in told()
    ago = timezone.now() - timedelta(seconds=40)
    Leader.objects.update(renewed_at=ago, expires_at=ago + timedelta(seconds=12))
    assert "no beat for 40 s" in told() and "they run twice" not in told()


def test_what_one_may_not_see_is_neither_shown_nor_counted(client):
    viewers = Group.objects.create(name="viewers")
    rows.task("a.open").viewers.add(viewers)
    rows.task("b.closed")
    rows.task("b.broken", error="NameError: hidden")
    for state in (State.RUNNING, State.FAILED, State.QUEUED):
        rows.job(state, task="b.closed")
    desk.schedule("hidden schedule", task="b.closed")
    client.force_login(rows.user("viewer", viewers))
    found = now(client)
    assert (found.running, found.failed.count, found.waiting) == (0, 0, 0)
    html = client.get(HOME).content.decode()
    for words in (
        "Nothing runs now",
        "Nothing is wrong",
        "Nothing waits",
        "Nothing is planned",
    ):
        assert words in html
    assert "hidden schedule" not in html and "b.closed" not in html and "b.broken" not in html


def test_the_switch_shows_only_my_own(client):
    me = rows.user("me", is_superuser=True)
    rows.task()
    client.force_login(me)
    for owner in (me, None):
        for state in (State.RUNNING, State.FAILED, State.QUEUED):
            rows.job(state, owner=owner)
    all_of_it, mine = now(client), now(client, owner="me")
    assert (all_of_it.running, all_of_it.failed.count, all_of_it.waiting) == (2, 2, 2)
    assert (mine.running, mine.failed.count, mine.waiting) == (1, 1, 1)
    html = client.get(HOME, {"owner": "me"}).content.decode()
    assert "state=failed&amp;since=24h&amp;owner=me" in html


def test_a_site_without_a_task_says_how_to_write_one(client):
    client.force_login(rows.user("admin", is_superuser=True))
    assert "@task" in client.get(HOME).content.decode()
    client.force_login(rows.user("stranger"))
    html = client.get(HOME).content.decode()
    assert "No task is open to you." in html and "@task" not in html


def test_a_part_is_the_same_as_at_the_first_paint(admin):
    rows.job(State.RUNNING, ago=5)
    failed("bad", ago=5400)
    whole = admin.get(HOME).content.decode()
    for part in ("answers", "running", "wrong", "waits", "next"):
        assert f'id="{part}"' in whole
    fresh = admin.get(HOME, {"part": "now"}).content.decode()
    assert "<main" not in fresh
    start, end = '<section class="sec" id="wrong">', "</section>"
    cut = [html.partition(start)[2].partition(end)[0] for html in (whole, fresh)]
    assert cut[0] == cut[1] and "Declined: bad" in cut[0]


def test_the_page_asks_as_often_for_much_as_for_little(admin):
    counts = []
    for many in (1, 5):
        for number in range(many):
            for state in (State.RUNNING, State.FAILED, State.QUEUED):
                rows.job(
                    state, task=f"site.task{number}", owner=rows.user(f"{many}{number}{state}")
                )
            desk.schedule(f"s{many}{number}")
        with desk.asked() as queries:
            admin.get(HOME)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 22  # one of them: which workers are ill


def test_whatever_a_task_or_caller_says_is_shown_escaped(admin):
    evil = "<script>alert(1)</script>"
    failed(evil)
    rows.job(State.RUNNING, params={"x": evil})
    rows.job(queue=evil)
    rows.task("evil.module", error=evil)
    assert evil not in admin.get(HOME).content.decode()


def test_each_hour_tells_what_ended_in_it_and_how(admin):
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for ago, state in ((0, "completed"), (0, "failed"), (3, "completed_with_errors"),
                       (3, "completed"), (3, "completed"), (3, "cancelled"), (23, "failed"),
                       (24, "failed")):  # fmt: skip
        rows.job(State(state), finished_at=hour - timedelta(hours=ago))
    chart = now(admin).ended
    told = {hour - each.at: each.counts for each in chart.ended.hours if each.count}
    assert told == {
        timedelta(0): (1, 0, 1),
        timedelta(hours=3): (2, 1, 0),
        timedelta(hours=23): (0, 0, 1),
    }
    assert [count for _fill, _words, count in chart.key] == [3, 1, 2]
    assert (chart.count, chart.most) == (6, 3)
    assert all(box.y >= 0 and box.height > 1 for box in chart.boxes)
    page = admin.get(HOME).content.decode()
    assert "6 jobs ended" in page and page.count('<rect class="f-bad"') == 3


def test_no_chart_stands_where_nothing_ended(admin):
    rows.job(State.QUEUED)
    rows.job(State.FAILED, finished_at=timezone.now() - timedelta(days=2))
    assert 'class="chart"' not in admin.get(HOME).content.decode()


def test_of_a_long_history_only_the_newest_are_counted(admin, monkeypatch):
    monkeypatch.setattr("jobs.reading.ended.COUNTED", 3)
    for ago in range(5):
        rows.job(State.COMPLETED, ago=ago, finished_at=timezone.now())
    chart = now(admin).ended
    assert (chart.count, chart.ended.is_more) == (3, True)
    assert "the newest 3 jobs that ended" in admin.get(HOME).content.decode()
