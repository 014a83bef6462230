"""Days, weeks and months of fires: what was, what is to come, and what is counted only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule

from jobs.models import Job, Leader, Schedule
from jobs.reading import calendar as reading
from jobs.scheduling.replan import replan
from jobs.states import State

from . import desk, rows

pytestmark = pytest.mark.django_db
PAGE = reverse("jobs:calendar")
NOW = datetime(2026, 8, 19, 14, 30, tzinfo=UTC)  # a Wednesday
LONG_AGO = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def admin(client: Client) -> Client:
    rows.task()
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def cron(text: str, zone: str = "UTC", **columns: Any) -> Any:
    """A schedule by its line, planned as beat would."""
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    line = dict(zip(names, text.split(), strict=True))
    crontab, _new = CrontabSchedule.objects.get_or_create(**line, timezone=zone)
    policy = {name: columns.pop(name) for name in ("blackout", "remaining") if name in columns}
    made = desk.schedule(crontab=crontab, **{"name": text, **columns})
    mine = Schedule.objects.filter(pk=made.pk)
    if policy:
        mine.update(**policy)
    mine.update(anchor_at=NOW - 30 * DAY, stale_at=NOW)
    replan()
    return made


def fired(schedule: Any, at: datetime, state: str = State.COMPLETED) -> Job:
    return rows.job(state, schedule=schedule, due_at=at, created_at=at)


def look(client: Client, status: int = 200, **query: Any) -> Any:
    answer = client.get(PAGE, query)
    assert answer.status_code == status
    return answer.context["calendar"]


def told(calendar: Any) -> list[tuple[str, str, int]]:
    """Moment, state and count of all that is shown."""
    fires = [*calendar.past.fires, *calendar.coming.fires]
    return [(f"{fire.at:%d %H:%M}", fire.state, fire.count) for fire in fires]


def test_a_week_shows_what_was_by_its_state_and_what_is_to_come(admin):
    nightly = cron("30 2 * * *", name="nightly")
    fired(nightly, NOW.replace(day=17, hour=2))
    fired(nightly, NOW.replace(day=18, hour=2), State.FAILED)
    fired(nightly, NOW.replace(day=10, hour=2))
    found = look(admin)
    assert told(found) == [
        ("17 02:30", "completed", 1), ("18 02:30", "failed", 1),
        ("20 02:30", "", 1), ("21 02:30", "", 1), ("22 02:30", "", 1), ("23 02:30", "", 1),
    ]  # fmt: skip
    html = admin.get(PAGE).content.decode()
    assert "August 17 to August 23, 2026" in html
    assert html.count('class="vh">Failed<') >= 1 and "to come" in html
    row = next(row for row in found.grid.rows if row.cells and row.first == 2)
    assert [len(cell.fires) for cell in row.cells] == [1, 1, 0, 1, 1, 1, 1]
    assert [cell.is_today for cell in row.cells].index(True) == 2


def test_a_fire_leads_to_its_job_and_several_to_the_list_of_them(admin):
    often = cron("*/20 * * * *", name="often")
    job = fired(often, NOW.replace(day=17, hour=2, minute=0))
    for minute in (20, 40):
        fired(often, NOW.replace(day=17, hour=2, minute=minute), State.FAILED)
    html = admin.get(PAGE).content.decode()
    assert reverse("jobs:job", args=[job.pk]) in html
    assert "<b>2 fires</b> often" in html
    found = f"state=failed&amp;since=2026-08-17&amp;until=2026-08-17&amp;schedule={often.pk}"
    assert found in html
    listed = admin.get(reverse("jobs:jobs") + "?" + found.replace("&amp;", "&"))
    assert len(listed.context["sheets"]) == 2


def test_what_comes_often_is_counted_and_stands_above_the_hours(admin):
    cron("* * * * *", name="each minute")
    found = look(admin, view="week", date="2026-08-24")
    assert {(fire.count, fire.is_often) for fire in found.coming.fires} == {(1440, True)}
    assert [cell.fires[0].fire.count for cell in found.grid.all_day] == [1440] * 7
    month = look(admin, view="month")
    assert month.coming.fires[0].count == 9 * 60 + 29
    assert {fire.count for fire in month.coming.fires[1:]} == {1440}


def test_a_stored_moment_is_one_fire_also_where_its_line_says_another(admin):
    made = cron("0 3 * * *")
    at = Schedule.objects.get(pk=made.pk).due_at + timedelta(minutes=20)
    Schedule.objects.filter(pk=made.pk).update(due_at=at, fire_at=at)
    [fire] = look(admin, view="day", date=f"{at:%Y-%m-%d}").coming.fires
    assert (fire.at, fire.count) == (at, 1)


def test_what_comes_often_in_one_hour_only_stands_in_that_hour(admin):
    cron("* 8 * * *", name="at eight", blackout=[{"from": "08:30", "until": "09:00"}])
    found = look(admin, date="2026-08-24")
    assert {(fire.at.hour, fire.count) for fire in found.coming.fires} == {(8, 60)}
    assert not found.grid.all_day
    assert not any(fire.is_dark for fire in found.coming.fires)


def test_a_number_of_fires_that_are_left_ends_what_is_shown(admin):
    cron("0 * * * *", remaining=5)
    assert sum(count for _at, _state, count in told(look(admin, view="month"))) == 5


def test_a_time_when_it_is_not_to_run_is_marked(admin):
    cron("0 6 * * *", blackout=[{"date": "2026-08-21"}])
    dark = [fire.is_dark for fire in look(admin).coming.fires]
    assert dark == [False, True, False, False]
    assert 'class="ev soon dark"' in admin.get(PAGE).content.decode()


def test_what_waits_for_its_jitter_is_not_overdue(admin, monkeypatch):
    monkeypatch.setattr("jobs.scheduling.plan._share", lambda *_seed: 0.9)
    due_at = NOW.replace(minute=0)
    made = cron("0 * * * *", name="hourly")
    Schedule.objects.filter(pk=made.pk).update(due_at=due_at, jitter_seconds=3600)
    first = look(admin, view="day").coming.fires[0]
    assert (first.at, first.is_overdue) == (due_at, False)


def test_what_is_due_and_nobody_fires_is_told(admin):
    made = cron("0 * * * *", name="hourly")
    Schedule.objects.filter(pk=made.pk).update(due_at=NOW.replace(hour=13, minute=0))
    found = look(admin, view="day")
    assert [fire.is_overdue for fire in found.coming.fires[:3]] == [True, True, False]
    html = admin.get(PAGE, {"view": "day"}).content.decode()
    assert "overdue: nobody has fired it yet" in html
    assert "Nobody fires schedules" in html
    Leader.hold(Leader.SCHEDULES, "web-1:17", 60)
    html = admin.get(PAGE).content.decode()
    assert "Nobody fires schedules" not in html and "leader web-1," in html
    assert "Standing by <span>0</span>" in html


@pytest.mark.parametrize(
    ("day", "hours", "words"),
    [
        ("2026-10-25", 25, "this hour comes twice"),
        ("2026-03-29", 23, "the clock leaps over this hour"),
        ("2026-08-19", 24, ""),
    ],
)
def test_days_of_23_and_25_hours(admin, settings, day, hours, words):
    settings.TIME_ZONE = "Europe/Berlin"
    made = cron("0 * * * *", "Europe/Berlin")
    with time_machine.travel(LONG_AGO):
        Schedule.objects.filter(pk=made.pk).update(due_at=LONG_AGO, fire_at=LONG_AGO)
        found = look(admin, view="day", date=day)
        html = admin.get(PAGE, {"view": "day", "date": day}).content.decode()
    assert sum(fire.count for fire in found.coming.fires) == hours
    assert (found.days.end - found.days.begin).total_seconds() == hours * 3600
    assert "Times in Europe/Berlin" in html
    assert words in html and ("The clocks do not change" in html) == (hours == 24)


def test_fires_of_the_past_lie_in_the_hours_of_the_readers_clock(admin, settings):
    settings.TIME_ZONE = "Asia/Kathmandu"  # 5:45 ahead of UTC
    nightly = cron("30 2 * * *")
    fired(nightly, datetime(2026, 8, 17, 18, 20, tzinfo=UTC))
    cell = next(row for row in look(admin).grid.rows if row.cells)
    assert (cell.first, [len(each.fires) for each in cell.cells][:2]) == (0, [0, 1])


@pytest.mark.parametrize(
    "query",
    [
        {"view": "year"}, {"view": "Week"}, {"view": "\x00"}, {"view": "<b>"},
        {"date": "2026-02-30"}, {"date": "tomorrow"}, {"date": "0000-00-00"}, {"date": "١"},
        {"date": "1969-12-31"}, {"date": "9999-12-31"}, {"date": "0001-01-01"},
        {"date": "9" * 5000}, {"date": "-1"}, {"date": "2026-08-22T00:00"}, {"date": "\x00"},
        {"date": "<script>"},
        {"date": ["2026-08-22", "x"]}, {"view": "month", "date": "9000-01-01"},
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused_with_words(admin, query):
    answer = admin.get(PAGE, query)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "This week is shown instead." in html and "<script>alert" not in html


@pytest.mark.parametrize("view", ["day", "week", "month"])
@pytest.mark.parametrize(
    "date", ["1970-03-15", "2026-08-22", "20260822", "2024-02-29", "8999-10-31"]
)
def test_each_day_can_be_seen_and_left_for_the_ones_beside_it(admin, view, date):
    days = look(admin, view=view, date=date).days
    assert days.day in days.dates
    assert days.before < days.day < days.after or view == "day"
    for beside in (days.before, days.after):
        assert look(admin, view=view, date=beside.isoformat()).days.dates != days.dates


def test_nothing_is_walked_through_that_there_is_too_much_of(admin, monkeypatch):
    monkeypatch.setattr(reading, "MOST_TURNS", 3)
    monkeypatch.setattr(reading, "MOST_FIRES", 3)
    often = cron("0 * * * *", name="a")
    cron("30 * * * *", name="b")
    for hour in range(5):
        fired(often, NOW.replace(day=17, hour=hour, minute=0))
    found = look(admin, view="month")
    assert (found.past.is_more, sum(fire.count for fire in found.past.fires)) == (True, 3)
    assert len(look(admin).coming.fires) == 3
    html = admin.get(PAGE).content.decode()
    assert "1 schedule is shown" in html and "the newest 50 000" in html


def test_too_many_bundles_are_counted_without_their_names(admin, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BUNDLES", 2)
    for number in range(4):
        made = desk.schedule(f"s{number}", enabled=False)
        fired(made, NOW.replace(day=17, hour=3, minute=number))
    (fire,) = look(admin).past.fires
    assert (fire.count, fire.schedule, fire.state) == (4, None, "completed")
    assert "<b>4 fires</b>" in admin.get(PAGE).content.decode()


def test_what_one_may_not_see_is_not_there(client):
    viewers = Group.objects.create(name="viewers")
    rows.task("a.open").viewers.add(viewers)
    rows.task("b.closed")
    for task in ("a.open", "b.closed"):
        made = cron("0 6 * * *", name=f"of {task}", task=task)
        rows.job(State.FAILED, task=task, schedule=made, due_at=NOW - DAY, created_at=NOW - DAY)
    client.force_login(rows.user("viewer", viewers))
    html = client.get(PAGE).content.decode()
    assert "of a.open" in html and "b.closed" not in html
    client.force_login(rows.user("stranger"))
    html = client.get(PAGE).content.decode()
    assert "a.open" not in html and "Nothing fired in these days" in html


def test_a_schedule_that_cannot_be_read_harms_no_other(admin):
    cron("0 6 * * *", name="good")
    bad = cron("0 7 * * *", name="bad")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE django_celery_beat_crontabschedule SET timezone = 'Mars/Olympus'"
            " WHERE id = %s", [bad.crontab_id],
        )  # fmt: skip
    html = admin.get(PAGE).content.decode()
    assert "good" in html


@pytest.mark.parametrize("view", ["week", "month"])
def test_the_page_asks_as_often_for_much_as_for_little(admin, view):
    counts = []
    for many in (1, 6):
        for number in range(many):
            made = cron(f"{number} {many} * * *", name=f"s{many}{number}")
            fired(made, NOW - DAY)
        with desk.asked() as queries:
            admin.get(PAGE, {"view": view})
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_whatever_a_schedule_is_called_is_shown_escaped(admin):
    evil = '<script>alert("1")</script>'
    fired(cron("0 6 * * *", name=evil), NOW - DAY)
    for view in ("day", "week", "month"):
        assert evil not in admin.get(PAGE, {"view": view}).content.decode()
