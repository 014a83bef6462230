"""When a schedule is not to run, as people write it into the form."""

import pytest
from django.core.exceptions import ValidationError

from jobs.scheduling.form.lines import read, written


@pytest.mark.parametrize(
    ("line", "window"),
    [
        ("2026-12-25", {"date": "2026-12-25"}),
        (
            "2026-12-24 18:00 to 2026-12-27 06:00",
            {"from": "2026-12-24T18:00", "until": "2026-12-27T06:00"},
        ),
        ("22:00 to 06:00", {"from": "22:00", "until": "06:00"}),
        (
            "22:00 to 06:00 mon-fri",
            {"from": "22:00", "until": "06:00", "weekdays": [1, 2, 3, 4, 5]},
        ),
        ("08:30 to 09:00 sun, sat", {"from": "08:30", "until": "09:00", "weekdays": [0, 6]}),
        ("08:30 to 09:00 mon, tue", {"from": "08:30", "until": "09:00", "weekdays": [1, 2]}),
    ],
)
def test_each_kind_of_line_is_read_and_written_alike(line, window):
    assert read(line) == [window]
    assert read(written([window])) == [window]
    assert written([window]).count("{") == 0


@pytest.mark.parametrize(
    ("line", "window"),
    [
        ("2026-12-24T18:00 - 2026-12-27T6:00",
         {"from": "2026-12-24T18:00", "until": "2026-12-27T06:00"}),
        ("8:00–9:00 Fri-Mon", {"from": "08:00", "until": "09:00", "weekdays": [0, 1, 5, 6]}),
        ("8:00 until 9:00 1-2", {"from": "08:00", "until": "09:00", "weekdays": [1, 2]}),
        ("8:00-9:00 7", {"from": "08:00", "until": "09:00", "weekdays": [0]}),
        ('{"date": "2026-12-25"}', {"date": "2026-12-25"}),
    ],
)  # fmt: skip
def test_what_people_write_otherwise_is_understood(line, window):
    assert read(f"\n  {line}  \r\n\n") == [window]


@pytest.mark.parametrize(
    "line",
    ["Christmas", "2026-02-30", "2026-13-01", "25:00 to 06:00", "22:00",
     "22:00 to 06:00 funday", "22:00 to 06:00 9",
     "2026-12-27 06:00 to 2026-12-24 18:00", "{", "2026-12-25 <b>"],
)  # fmt: skip
def test_a_line_that_means_nothing_is_named(line):
    with pytest.raises(ValidationError) as caught:
        read(f"2026-12-25\n{line}")
    assert caught.value.messages == [
        f"Line 2 is no day, no stretch of time and no hours: {line}"
    ]


@pytest.mark.parametrize(
    "window",
    [{"from": "22:00", "until": "06:00", "weekdays": [5, 1]}, {"date": "x"}, {"any": 1}, 7,
     {"from": "22:00:30", "until": "06:00"}],
)  # fmt: skip
def test_what_no_line_can_say_stays_as_it_is_kept(window):
    assert written([window]).startswith(("{", "7"))


def test_a_kept_window_of_another_form_comes_back_the_same():
    window = {"from": "22:00:30", "until": "06:00"}
    assert read(written([window])) == [window]
