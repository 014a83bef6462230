"""When a schedule is not to run, asked about many moments."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jobs.scheduling.blackout import Blackout

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = st.integers(0, 60)


def at(hour: int) -> datetime:
    return BEGIN + timedelta(hours=hour)


@given(st.lists(st.tuples(HOURS, HOURS), max_size=8))
def test_stretches_that_touch_or_lie_in_each_other_cover_what_each_of_them_does(pairs):
    windows = [
        {"from": f"{at(a):%Y-%m-%dT%H:%M}", "until": f"{at(b):%Y-%m-%dT%H:%M}"}
        for a, b in pairs
    ]
    asked = Blackout(windows, UTC)
    for hour in range(61):
        covered = any(a <= hour < b for a, b in pairs)
        assert asked.covers(at(hour)) == covered


def test_hours_of_each_day_are_asked_beside_dates():
    windows = [{"date": "2026-01-05"}, {"from": "22:00", "until": "06:00"}]
    asked = Blackout(windows, UTC)
    hours = [hour for hour in range(48, 120) if asked.covers(at(hour))]
    assert hours == [*range(48, 54), *range(70, 78), *range(94, 120)]
