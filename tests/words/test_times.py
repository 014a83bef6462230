"""When a schedule comes, on clocks that are changed."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.scheduling import sun
from jobs.scheduling.sun import Sun
from jobs.scheduling.times import (
    CRON_FIELDS,
    Cron,
    Every,
    Impossible,
    Once,
    cron,
    following,
)

ZONES = (
    "Europe/Berlin", "America/New_York", "America/Argentina/Mendoza", "America/Tegucigalpa",
    "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca",
)  # fmt: skip
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FROM, TO = datetime(2004, 1, 1, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC)


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> datetime:
    return (
        datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
    )


def between(times, begin: datetime, end: datetime) -> list[datetime]:
    return list(takewhile(lambda moment: moment < end, following(times, begin - MINUTE)))


def line(text: str, zone: str = "Europe/Berlin") -> Cron:
    return cron(*text.split(), zone=ZoneInfo(zone))


# --- Against a reference that looks at each minute of the clock -------------------------------


@cache
def changes(zone: str) -> list[datetime]:
    """The hours in ten years within which the clock of a zone is changed."""
    there = ZoneInfo(zone)
    hours = [FROM + n * HOUR for n in range(int((TO - FROM) / HOUR))]
    offsets = [moment.astimezone(there).utcoffset() for moment in hours]
    changed = [a != b for a, b in pairwise(offsets)]
    return [hour for hour, is_changed in zip(hours, changed, strict=False) if is_changed]


@cache
def shown(
    zone: ZoneInfo, begin: datetime, end: datetime
) -> list[tuple[datetime, datetime, bool]]:
    """Each minute, what the clock shows then, and whether it showed that before; and for each
    time that it leaps over the moment at which it would have come."""
    minutes, seen, before = [], set(), None
    for n in range(int((end - begin) / MINUTE)):
        moment = begin + n * MINUTE
        wall = moment.astimezone(zone).replace(tzinfo=None)
        leap = wall - before - MINUTE if before else timedelta()
        minutes += [
            (moment + k * MINUTE, before + (k + 1) * MINUTE, False)
            for k in range(int(leap / MINUTE))
        ]
        minutes.append((moment, wall, wall in seen))
        seen.add(wall)
        before = wall
    return minutes


def reference(times: Cron, begin: datetime, end: datetime) -> set[datetime]:
    """Every minute of the clock is held against the line."""
    return {
        moment
        for moment, wall, again in shown(times.zone, begin, end)
        if fits(times, wall) and (not again or len(times.hours) == 24)
    }


def fits(times: Cron, wall: datetime) -> bool:
    return (
        wall.minute in times.minutes
        and wall.hour in times.hours
        and wall.day in times.days
        and wall.month in times.months
        and wall.isoweekday() % 7 in times.weekdays
    )


LINES = st.tuples(
    st.sampled_from(["0", "30", "*/15", "*/7", "15,45", "59"]),
    st.sampled_from(["*", "2", "0", "23", "1-3", "*/2", "0,2,3", "0-22"]),
    st.sampled_from(["*", "*", "1-20", "25-31"]),
    st.just("*"),
    st.sampled_from(["*", "*", "sun", "1-5,0"]),
)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=15, deadline=None)
@given(data=st.data(), fields=LINES)
def test_around_every_change_of_the_clock_it_comes_as_the_rule_says(zone, data, fields):
    times = cron(*fields, zone=ZoneInfo(zone))
    near = data.draw(st.sampled_from(changes(zone) or [FROM + 100 * DAY]))
    begin, end = near - DAY, near + 2 * DAY
    # The edges aside: what a gap before them shifts into them the reference cannot know.
    inner = begin + 6 * HOUR, end - 6 * HOUR
    expected = {
        moment for moment in reference(times, begin, end) if inner[0] <= moment < inner[1]
    }
    assert between(times, *inner) == sorted(expected)


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    fields=LINES,
    moment=st.integers(0, int((TO - FROM).total_seconds())).map(
        lambda n: FROM + n * timedelta(seconds=1)
    ),
)
def test_from_whatever_moment_one_asks_the_answer_is_the_same(zone, fields, moment):
    times = cron(*fields, zone=ZoneInfo(zone))
    first = times.after(moment)
    assert first is not None and first > moment
    assert times.after(first - timedelta(microseconds=1)) == first
    assert times.after(moment + (first - moment) / 2) == first


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    fields=LINES,
    since=st.integers(0, 3650 * 24 * 60).map(lambda n: FROM + n * MINUTE),
    length=st.integers(0, 20 * 24 * 60).map(lambda n: n * MINUTE),
)
def test_counted_are_just_those_that_come(zone, fields, since, length):
    times = cron(*fields, zone=ZoneInfo(zone))
    listed = takewhile(lambda moment: moment <= since + length, following(times, since))
    assert times.count(since, since + length) == sum(1 for _moment in listed)


@pytest.mark.parametrize("zone", ZONES)
def test_a_daily_time_comes_once_on_each_day_that_has_it(zone):
    """02:30 is in the gaps and the repeated hours of most; 00:00 in those of some."""
    for text in ("30 2 * * *", "0 0 * * *"):
        days = [
            each.astimezone(ZoneInfo(zone)).date()
            for each in between(line(text, zone), FROM, TO)
        ]
        assert len(days) == len({*days})
        missing = {FROM.date() + n * DAY for n in range(1, (TO - FROM).days - 1)} - {*days}
        assert missing <= {date(2011, 12, 30)}  # Apia had none


def first_shown(zone: ZoneInfo, begin: datetime, end: datetime) -> dict[datetime, datetime]:
    """For each time of the clock, leapt over or not, the moment when it comes first."""
    first: dict[datetime, datetime] = {}
    for moment, wall, _again in shown(zone, begin, end):
        first.setdefault(wall, moment)
    return first


@pytest.mark.parametrize("zone", ZONES)
def test_every_time_of_the_clock_comes_once_a_day_whatever_is_done_to_the_clock(zone):
    """All changes of ten years, and all times within an hour or two of each."""
    for near in changes(zone):
        begin, end = near - 12 * HOUR, near + 12 * HOUR
        expected = first_shown(ZoneInfo(zone), begin, end)
        at_change = near.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        for minutes in range(-120, 181, 15):
            wall = at_change + minutes * MINUTE
            times = line(f"{wall.minute} {wall.hour} * * *", zone)
            found = [each for each in between(times, begin, end) if abs(each - near) < 6 * HOUR]
            assert found == [expected[wall]], (near, wall)


@pytest.mark.parametrize("zone", ZONES)
def test_every_ten_minutes_means_so_on_each_long_and_each_short_day(zone):
    """The hour that comes twice runs twice, in all of them; so does half an hour."""
    for near in changes(zone):
        found = between(line("*/10 * * * *", zone), near - 12 * HOUR, near + 12 * HOUR)
        assert {*spaces(found)} == {10 * MINUTE}, near


# --- By hand ----------------------------------------------------------------------------------


def test_a_time_that_the_clock_leaps_over_comes_later_by_as_much():
    [moment] = between(line("30 2 * * *"), at("2026-03-29 00:00"), at("2026-03-30 00:00"))
    assert moment == at("2026-03-29 03:30")


def test_a_time_that_is_shown_twice_comes_the_first_time():
    [moment] = between(line("30 2 * * *"), at("2026-10-25 00:00"), at("2026-10-26 00:00"))
    assert moment == at("2026-10-25 02:30", fold=0) != at("2026-10-25 02:30", fold=1)


@pytest.mark.parametrize(
    ("text", "long_day", "short_day"), [("0 * * * *", 25, 23), ("*/10 * * * *", 150, 138)]
)
def test_every_hour_means_all_hours_of_the_day(text, long_day, short_day):
    for day, count in (("2026-10-25", long_day), ("2026-03-29", short_day)):
        found = between(line(text), at(f"{day} 00:00"), at(f"{day} 00:00") + count // 6 * DAY)
        of_day = [
            each
            for each in found
            if each.astimezone(ZoneInfo("Europe/Berlin")).date() == date.fromisoformat(day)
        ]
        assert len(of_day) == count
        assert {*spaces(of_day)} == {DAY / 24 if text.startswith("0") else 10 * MINUTE}


def spaces(moments: Iterable[datetime]) -> list[timedelta]:
    return [b - a for a, b in pairwise(moments)]


def test_times_leapt_over_late_in_the_evening_come_on_the_next_day_in_order():
    """In Mendoza the clock leapt from 24:00 on 29 December 2007 to 01:00."""
    times = line("0,30 0,1 * * *", "America/Argentina/Mendoza")
    zone = ZoneInfo("America/Argentina/Mendoza")
    found = between(times, at("2007-12-29 12:00", zone.key), at("2007-12-30 12:00", zone.key))
    assert [each.astimezone(zone).strftime("%d %H:%M") for each in found] == [
        "30 01:00",
        "30 01:30",
    ]


def test_the_day_of_the_month_and_the_day_of_the_week_must_both_be_right():
    moment = line("0 0 13 * fri").after(at("2026-01-01 00:00"))
    assert moment == at("2026-02-13 00:00")


def test_a_rare_day_is_found_and_one_that_never_comes_is_refused():
    assert line("0 0 29 2 mon").after(at("2026-01-01 00:00")) == at("2044-02-29 00:00")
    with pytest.raises(Impossible, match="never comes"):
        line("0 0 31 2 *")


@pytest.mark.parametrize(
    "fields",
    ["*/0 * * * *", "60 * * * *", "x * * * *", "1, * * * *", "* * 0 * *", "* * * 13 *"],
)
def test_what_cannot_be_read_is_refused(fields):
    with pytest.raises(Impossible):
        line(fields)


def test_an_interval_counts_from_its_anchor_and_drifts_by_nothing():
    anchor = at("2026-01-01 00:00:05")
    times = Every(timedelta(minutes=10), anchor)
    assert times.after(anchor - DAY) == anchor
    assert times.after(anchor) == anchor + 10 * MINUTE
    assert times.after(anchor + 1000 * DAY + MINUTE) == anchor + 1000 * DAY + 10 * MINUTE
    assert times.count(anchor - DAY, anchor) == 1
    assert times.count(anchor, anchor + DAY) == 144
    assert Every(timedelta(days=36_000), anchor).after(datetime.max.replace(tzinfo=UTC)) is None


def test_one_moment_comes_once():
    moment = at("2026-01-01 00:00")
    assert Once(moment).after(moment - MINUTE) == moment
    assert Once(moment).after(moment) is None


def test_what_was_searched_through_for_the_sun_is_not_searched_through_again(monkeypatch):
    searched, search = [], sun._search
    monkeypatch.setattr(sun, "_search", lambda *of: searched.append(of) or search(*of))
    place = Sun("sunrise", 79.25, 15.6)
    night = place.after(at("2026-11-20 00:00"))
    asked = [at("2026-11-20 00:00") + timedelta(days=n) for n in range(90)]
    assert {place.after(moment) for moment in asked if moment < night} == {night}
    assert len(searched) == 1
    assert place.after(night) > night and len(searched) == 2
    assert place.after(at("2026-11-19 00:00")) == night and len(searched) == 3


def test_the_sun_rises_once_a_day_and_in_the_far_north_after_the_long_night():
    rises = between(Sun("sunrise", 52.5, 13.4), at("2026-06-01 00:00"), at("2026-06-08 00:00"))
    assert len(rises) == 7
    night = Sun("sunrise", 78.2, 15.6).after(at("2026-11-20 00:00"))
    assert at("2027-02-10 00:00") < night < at("2027-02-20 00:00")


def test_the_fields_are_those_of_the_row():
    assert CRON_FIELDS == ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
