"""How far a job is, as numbers that people can use."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs import current_job
from jobs.execution.progress import Pace, number, percent, seconds_left

numbers = some.one_of(some.none(), some.integers(), some.floats())


@pytest.mark.parametrize(
    ("current", "total", "expected"),
    [
        (0, 10, 0.0),
        (1, 3, 33.3),
        (10, 10, 100.0),
        (11, 10, 100.0),
        (-1, 10, 0.0),
        (5, None, None),
        (None, 5, None),
        (5, 0, None),
        (5, -1, None),
    ],
)
def test_percent(current, total, expected):
    assert percent(current, total) == expected


@given(value=some.one_of(numbers, some.booleans(), some.text(), some.just(object())))
def test_whatever_is_reported_as_a_number_is_a_finite_one_or_none(value):
    kept = number(value)
    assert kept is None or (math.isfinite(kept) and kept == value)
    assert not isinstance(kept, bool)


@given(numbers, numbers, some.floats(min_value=0, max_value=1e9))
def test_percent_and_time_left_are_finite_for_all_that_can_be_reported(current, total, rate):
    told = percent(number(current), number(total))
    assert told is None or 0 <= told <= 100
    left = seconds_left(number(current), number(total), rate)
    assert left is None or (math.isfinite(left) and left >= 0)


def test_the_rate_follows_the_speed_and_is_not_ruled_by_one_quick_item():
    pace = Pace()
    pace.measure(0, 0.0)
    pace.measure(100, 0.001)
    assert pace.rate is None
    pace.measure(10, 1.0)
    assert pace.rate == pytest.approx(10)
    for second in range(2, 40):
        pace.measure(10 + 2 * (second - 1), float(second))
    assert pace.rate == pytest.approx(2, rel=0.01)


def test_a_count_that_begins_anew_begins_a_new_rate():
    pace = Pace()
    pace.measure(0, 0.0)
    pace.measure(10, 1.0)
    pace.measure(0, 2.0)
    assert pace.rate is None
    pace.measure(3, 3.0)
    assert pace.rate == pytest.approx(3)


def test_outside_a_job_the_same_calls_do_nothing_and_loops_go_on(tmp_path):
    job = current_job()
    assert (job.id, job.attempt, job.last_checkpoint) == ("", 0, None)
    job.progress(1, 2, "x")
    job.step("x")
    job.log("x")
    job.error("x", "y")
    job.checkpoint({"a": 1})
    job.sleep(0)
    assert list(job.track([1, 2], step="x", resume=True)) == [1, 2]
    assert list(job.track(iter([1, 2]))) == [1, 2]
    assert job.attach(b"abc", "a.txt").size == 3
    assert job.run_command(["true"]).returncode == 0
    (job.directory / "x").write_text("x")
