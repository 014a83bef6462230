"""The next 24 hours: who fires when, for how long, and who falls into whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from jobs.reading import timeline as reading
from jobs.states import State

from . import desk, rows
from .test_web_calendar import cron

pytestmark = pytest.mark.django_db
PAGE = reverse("jobs:timeline")
NOW = datetime(2026, 8, 19, 14, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def admin(client: Client) -> Client:
    rows.task()
    rows.task("shop.backups")
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def lasts(schedule: Any, seconds: float) -> None:
    """Some runs that took so long."""
    for number in range(3):
        began = NOW - timedelta(hours=5 + number)
        rows.job(
            State.COMPLETED, task=schedule.task, schedule=schedule, created_at=began,
            started_at=began, finished_at=began + timedelta(seconds=seconds),
        )  # fmt: skip


def look(client: Client) -> tuple[Any, str]:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.context["timeline"], answer.content.decode()


def test_each_schedule_has_a_lane_with_its_fires_as_long_as_they_usually_take(admin):
    nightly = cron("30 2 * * *", name="nightly", queue="billing")
    lasts(nightly, 720)
    cron("0 */6 * * *", name="rarely")
    found, html = look(admin)
    told = {lane.name: (lane.queue, lane.usual, lane.count) for lane in found.lanes}
    assert told["nightly"] == ("billing", timedelta(minutes=12), 1)
    assert told["rarely"][2] == 4
    (bar,) = next(lane.bars for lane in found.lanes if lane.name == "nightly")
    assert (bar.begin, bar.end) == (
        datetime(2026, 8, 20, 2, 30, tzinfo=UTC), datetime(2026, 8, 20, 2, 42, tzinfo=UTC),
    )  # fmt: skip
    assert '<rect class="f-fire" x="50.0%" y="9" width="0.833%"' in html
    assert 'aria-label="02:30"' in html and "12 min" in html
    assert "No fire begins while" in html and "style=" not in html


def test_what_falls_into_another_of_its_queue_or_task_is_told_in_words(admin):
    lasts(cron("10 1 * * *", name="backups", task="shop.backups", queue="billing"), 720)
    lasts(cron("15 1,13 * * *", name="invoice sync", queue="billing"), 60)
    lasts(cron("20 1 * * *", name="elsewhere", task="shop.backups", queue="other"), 5)
    lasts(cron("21 1 * * *", name="no matter", queue="third"), 5)
    found, html = look(admin)
    assert [clash.words for clash in found.clashes] == [
        "“invoice sync” at 01:15 falls into “backups”, 01:10 to 01:22: both on “billing”",
        "“elsewhere” at 01:20 falls into “backups”, 01:10 to 01:22: both run the same task",
    ]
    assert "2 pairs" in html and html.count('circle class="f-clash"') == 2


def test_what_takes_longer_than_until_it_comes_again_is_told_once(admin):
    lasts(cron("*/15 * * * *", name="sync"), 1000)
    found, html = look(admin)
    (clash,) = found.clashes
    assert clash.words == "“sync” comes again at 15:00, while it usually runs until 15:01"
    assert clash.count == 94 and "94 times in these hours" in html


def test_a_fire_falls_into_the_last_one_of_a_schedule_not_into_all_that_still_run(admin):
    lasts(cron("*/10 * * * *", name="sync"), 86_400)
    (clash,) = look(admin)[0].clashes
    assert clash.count == 142


def test_what_fires_again_and_again_is_a_band(admin):
    cron("* 8-10,20-21 * * *", name="often")
    (lane,) = look(admin)[0].lanes
    assert (lane.count, lane.is_dense) == (300, True)
    assert [f"{bar.begin:%H:%M}-{bar.end:%H:%M}" for bar in lane.bars] == [
        "19:30-22:30", "07:30-11:30",
    ]  # fmt: skip
    assert 'aria-label="19:30–22:30, 07:30–11:30"' in look(admin)[1]


def test_what_is_not_to_run_then_is_not_drawn(admin):
    cron("0 6 * * *", name="dark", blackout=[{"date": "2026-08-20"}])
    cron("0 * * * *", name="two left", remaining=2)
    found, _html = look(admin)
    assert [(lane.name, len(lane.bars)) for lane in found.lanes] == [("two left", 2)]


def test_of_many_schedules_those_that_come_next_are_shown(admin, monkeypatch):
    monkeypatch.setattr(reading, "MOST_LANES", 2)
    for hour in (17, 15, 16):
        cron(f"0 {hour} * * *", name=f"at {hour}")
    found, html = look(admin)
    assert [lane.name for lane in found.lanes] == ["at 15", "at 16"]
    assert "2 schedules are shown" in html


def test_a_change_of_the_clock_is_told(admin, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    assert "The clock goes" not in look(admin)[1]
    with time_machine.travel(datetime(2026, 10, 24, 12, tzinfo=UTC)):
        admin.force_login(rows.user("late", is_superuser=True))
        assert "The clock goes from 03:00 to 02:00" in look(admin)[1]


def test_what_one_may_not_see_is_not_there(client):
    viewers = Group.objects.create(name="viewers")
    rows.task("a.open").viewers.add(viewers)
    rows.task("b.closed")
    for task in ("a.open", "b.closed"):
        lasts(cron("0 6 * * *", name=f"of {task}", task=task, queue="same"), 60)
    client.force_login(rows.user("viewer", viewers))
    html = look(client)[1]
    assert "of a.open" in html and "b.closed" not in html
    client.force_login(rows.user("stranger"))
    assert "No schedule that you may see comes within a day." in look(client)[1]


def test_the_page_asks_as_often_for_much_as_for_little(admin):
    counts = []
    for many in (1, 6):
        for number in range(many):
            lasts(cron(f"{number} {many} * * *", name=f"s{many}{number}"), 60)
        with desk.asked() as queries:
            admin.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


def test_whatever_a_schedule_is_called_is_shown_escaped(admin):
    evil = '"><script>alert(1)</script>'
    for _number in range(2):
        lasts(cron("0 6 * * *", name=f"{evil}{_number}", queue=evil), 60)
    assert evil not in look(admin)[1]
