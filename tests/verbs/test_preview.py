"""What is told of the moments ahead is what will come."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from jobs.models import CatchUp, Overlap, Schedule
from jobs.scheduling.marks import Kind
from jobs.scheduling.plan import Plan
from jobs.scheduling.preview import MOST, preview
from jobs.scheduling.times import CRON_FIELDS
from tests import sample_tasks

from . import beats
from .beats import beat, fires, run, schedule

NOW = datetime(2026, 8, 22, 12, 16, tzinfo=UTC)
SHOWN = "%a %d %b %H:%M"


def made(line: str = "", zone: str = "Europe/Lisbon", **columns) -> Schedule:
    """A schedule that is stored nowhere."""
    ours = {f.name for f in Schedule._meta.fields} | {"run_as_id"}
    policy = {name: columns.pop(name) for name in ours & {*columns}}
    if line:
        fields = dict(zip(CRON_FIELDS, line.split(), strict=True))
        columns["crontab"] = CrontabSchedule(**fields, timezone=ZoneInfo(zone))
    entry = PeriodicTask(name="it", task=sample_tasks.add.name, **columns)
    rules = {
        "overlap": Overlap.ALLOW_ALL, "catch_up": CatchUp.LATEST, "grace_seconds": 60,
        "catch_up_window_seconds": 86_400, "jitter_seconds": 0, "blackout": [],
        "expires_with_next": False, "anchor_at": NOW,
    }  # fmt: skip
    return Schedule(entry=entry, **rules | policy)


def every(minutes: int, **columns) -> Schedule:
    return made(interval=IntervalSchedule(every=minutes, period="minutes"), **columns)


def seen(each) -> tuple:
    """Its number, what the clock shows, and what is worth knowing."""
    return (each.number, each.local.strftime(SHOWN), *(mark.kind for mark in each.marks))


@pytest.mark.django_db
def test_the_next_moments_then_what_is_left_of_the_day_and_what_is_odd_within_a_year():
    """As on the picture that the page follows."""
    holiday = [{"date": "2026-12-25"}]
    told = preview(made("*/15 1-2 * * *", blackout=holiday), NOW, 4)
    assert told.words == "Every 15 minutes from 01:00 to 02:45, every day"
    assert [seen(each) for each in told.ahead] == [
        (1, "Sun 23 Aug 01:00"),
        (2, "Sun 23 Aug 01:15"),
        (3, "Sun 23 Aug 01:30"),
        (4, "Sun 23 Aug 01:45"),
    ]
    assert told.more == 4
    assert [seen(each) for each in told.notable] == [
        (505, "Sun 25 Oct 01:00", Kind.TWICE),
        (509, "Sun 25 Oct 02:00", Kind.CLOCK),
        (993, "Fri 25 Dec 01:00", Kind.BLACKOUT),
        (1737, "Sun 28 Mar 02:00", Kind.GAP),
        (1741, "Mon 29 Mar 01:00", Kind.CLOCK),
    ]
    skipped, gap, after = told.notable[2:]
    assert skipped.marks[0].more == "8 fires are skipped"
    assert gap.missing.isoformat() == "2027-03-28T01:00:00"
    assert gap.marks[0].more == "the clock leaps over 01:00; it fires once, at 02:00"
    assert after.marks[0].more == "from here on 1 h earlier in UTC"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "zone"),
    [
        ("*/15 1-2 * * *", "Europe/Lisbon"),
        ("0,30 * * * *", "Australia/Lord_Howe"),
        ("30 2 * * sun", "Europe/Berlin"),
        ("0 0 1 * *", "Africa/Casablanca"),
    ],
)
def test_each_number_is_that_of_the_moment_in_the_list_of_all(line, zone):
    row = made(line, zone)
    told = preview(row, NOW, 3)
    last = told.notable[-1] if told.notable else told.ahead[-1]
    plan, all_of_them, moment = Plan(row), [], NOW
    while moment < last.due_at:
        moment = plan.after(moment)
        all_of_them.append(moment)
    for each in (*told.ahead, *told.notable):
        assert all_of_them[each.number - 1] == each.due_at


@pytest.mark.django_db
def test_it_is_told_alike_at_whatever_fraction_of_a_second_one_asks():
    told, later = (
        preview(made("*/15 1-2 * * *"), now, 4)
        for now in (NOW, NOW + timedelta(seconds=7, microseconds=345_678))
    )
    assert told == later


@pytest.mark.django_db
def test_an_hourly_one_fires_both_times_and_leaps_without_a_gap():
    told = preview(made("30 * * * *", "Europe/Berlin"), NOW, 2)
    assert [seen(each)[1:] for each in told.notable] == [
        ("Sun 25 Oct 02:30", Kind.TWICE),
        ("Sun 25 Oct 02:30", Kind.TWICE, Kind.CLOCK),
        ("Sun 28 Mar 03:30", Kind.CLOCK),
    ]
    assert told.notable[0].marks[0].more == "it fires both times"
    assert told.notable[2].marks[0].words == "The clock goes from 02:00 to 03:00"


@pytest.mark.django_db
def test_an_interval_moves_on_the_clock_unless_an_hour_is_nothing_to_it(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    [autumn, spring] = preview(every(24 * 60), NOW, 2).notable
    assert autumn.marks[0].more == "from here on 1 h earlier on this clock"
    assert spring.local.date().isoformat() == "2027-03-28"
    assert preview(every(10), NOW, 2).notable == ()


@pytest.mark.django_db
def test_where_it_begins_and_where_it_ends():
    start, end = NOW + timedelta(days=2), NOW + timedelta(days=30)
    told = preview(made("0 1 * * *", start_time=start, ends_at=end), NOW, 3)
    assert seen(told.ahead[0]) == (1, "Tue 25 Aug 01:00", Kind.START)
    assert [seen(each) for each in told.notable] == [(28, "Mon 21 Sep 01:00", Kind.LAST)]
    ends = preview(made("0 1 * * *", start_time=start, ends_at=end), NOW, MOST)
    assert ends.is_over and seen(ends.ahead[-1]) == (28, "Mon 21 Sep 01:00", Kind.LAST)


@pytest.mark.django_db
def test_what_is_skipped_uses_nothing_up():
    rules = {"remaining": 2, "blackout": [{"date": "2026-08-24"}]}
    told = preview(made("0 1 * * *", **rules), NOW, 10)
    assert [seen(each)[2:] for each in told.ahead] == [(), (Kind.BLACKOUT,), (Kind.LAST,)]
    assert told.is_over and not told.notable
    assert len(preview(made("0 1 * * *", one_off=True), NOW, 10).ahead) == 1


@pytest.mark.django_db
def test_one_moment_is_one_moment():
    once = made(clocked=ClockedSchedule(clocked_time=NOW + timedelta(hours=1)))
    told = preview(once, NOW, 10)
    assert (told.words, [seen(each)[0] for each in told.ahead]) == ("Once", [1])
    assert told.is_over and told.ahead[0].marks == ()


@pytest.mark.django_db
def test_hours_of_each_day_are_marked_and_are_nothing_odd():
    night = [{"from": "22:00", "until": "06:00"}]
    told = preview(made("0 */6 * * *", "UTC", blackout=night), NOW, 4)
    assert [each.is_skipped for each in told.ahead] == [False, True, False, False]
    assert told.notable == ()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "why"),
    [
        (made("0 0 31 2 *"), "never comes"),
        (made("61 * * * *"), "61"),
        (every(0), "a second or more"),
        (made(), "does not say when"),
        (made("0 1 * * *", blackout=["never"]), "cannot be read"),
    ],
)
def test_what_can_never_come_says_why(row, why):
    told = preview(row, NOW)
    assert why in told.flaw and not told.ahead


@pytest.mark.django_db
def test_what_is_off_is_told_with_what_would_come():
    assert "disabled" in preview(made("0 1 * * *", enabled=False), NOW).off
    paused = preview(made("0 1 * * *", paused_at=NOW), NOW)
    assert "paused" in paused.off and len(paused.ahead) == 10


@pytest.mark.django_db
def test_what_has_come_is_ahead_as_long_as_its_jitter_lasts_and_no_longer():
    row = every(60, jitter_seconds=3000, due_at=NOW)
    fires_at = Plan(row).fires_at(NOW)
    assert fires_at > NOW
    assert preview(row, fires_at - timedelta(seconds=1)).ahead[0].due_at == NOW
    assert preview(row, fires_at).ahead[0].due_at == NOW + timedelta(hours=1)


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/New_York"])
def test_a_blackout_from_one_end_of_the_calendar_to_the_other_is_counted_for_a_year(zone):
    ever = [{"from": "0001-01-01T00:00", "until": "9999-12-31T23:59"}] * 20
    sun = SolarSchedule(event="sunrise", latitude=27.7, longitude=85.3)
    for row in (made("0 1 * * *", zone, blackout=ever), made(solar=sun, blackout=ever)):
        told = preview(row, NOW, 3)
        assert all(each.is_skipped for each in told.ahead)
        assert told.ahead[0].marks[0].more in {f"{n} fires are skipped" for n in (366, 367)}


@pytest.mark.django_db
def test_work_is_bounded():
    assert len(preview(made("* * * * *"), NOW, 10_000).ahead) == MOST


@pytest.mark.django_db
def test_it_says_what_beat_does(redis_server):
    """Beat's own rows, moment for moment, jitter included."""
    it = beats.every(60, jitter_seconds=20)
    run(beat())
    told = preview(schedule(it), timezone.now(), 3)
    for each in told.ahead:
        assert schedule(it).fire_at == each.fires_at
        run(beat(), each.fires_at)
    assert [job.due_at for job in fires(it)] == [each.due_at for each in told.ahead]
