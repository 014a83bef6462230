"""Words for people: spans, sizes, quantities, tracebacks, and what is usual."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone, translation

from jobs.reading.runs import Run, Runs
from jobs.states import State, WaitingFor
from jobs.templatetags import words
from jobs.templatetags.strips import strip
from jobs.web import trace
from jobs.web.pace import DESK, PHONE, pace


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 ms"), (0.1184, "118 ms"), (0.9996, "1.0 s"), (2.04, "2.0 s"), (41.4, "41 s"),
        (59.6, "1 min"), (61, "1 min 1 s"), (200, "3 min 20 s"), (3599.9, "1 h"),
        (3840, "1 h 4 min"), (86_400, "1 d"), (190_000, "2 d 5 h"), (-3, "0 ms"),
        (timedelta(minutes=2), "2 min"), (None, ""),
    ],
)  # fmt: skip
def test_spans_have_at_most_two_units(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (412_345, "412 KB"), (5e13, "50 TB")],
)
def test_sizes_keep_their_unit(count, said):
    assert words.size(int(count)) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(12800, "12\u202f800"), (7.0, "7"), (31.44, "31.4"), (None, ""), (-1000, "-1\u202f000")],
)
def test_quantities_stand_in_threes(number, said):
    assert words.quantity(number) == said


@pytest.mark.parametrize(
    ("ago", "form", "said"),
    [
        (6.2 * 60, "ago", "6 min ago"), (-7205, "ago", "in 2 h"), (0, "ago", "just now"),
        (90_000, "age", "1 d"), (5, "age", "5 s"),
    ],
)  # fmt: skip
def test_times_are_relative_with_the_moment_in_the_title(ago, form, said):
    at = timezone.now() - timedelta(seconds=ago)
    html = words.moment(at, form)
    assert f">{said}</time>" in html
    assert f'datetime="{at.isoformat()}"' in html


def test_the_name_of_a_task_is_quiet_up_to_its_last_dot():
    assert words.quiet("a.b.<c>") == "<span>a.b.</span>&lt;c&gt;"


TRACEBACK = """Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/celery/app/trace.py", line 453, in trace_task
    R = fun(*args)
        ^^^^^^^^^^
  File "/venv/lib/python3.11/site-packages/celery/app/trace.py", line 736, in __call__
    return self.run(*args)
  File "/srv/app/tasks/billing.py", line 61, in charge
    raise Declined(
        "no"
    )
tasks.billing.Declined: no

The above exception was the direct cause of the following exception:
"""


def test_frames_of_libraries_are_folded_and_own_ones_stand_open():
    blocks = trace.blocks(TRACEBACK)
    assert [(block.count, block.is_library) for block in blocks] == [
        (0, False), (2, True), (1, False), (0, False),
    ]  # fmt: skip
    assert "\n".join(block.text for block in blocks) == TRACEBACK.rstrip()


@pytest.mark.parametrize("text", ["", "no traceback at all", '  File "x", line 1', "\n\n"])
def test_whatever_stands_for_a_traceback_is_shown(text):
    assert "\n".join(block.text for block in trace.blocks(text)) == text.rstrip()


def test_usual_is_the_median_of_those_that_went_through():
    runs = Runs([Run(State.COMPLETED, n) for n in (1, 2, 30)] + [Run(State.FAILED, 900)])
    assert (runs.usual, runs.longest, runs.completed_percent) == (2, 30, 75)
    assert Runs([Run(State.COMPLETED, 1)]).usual is None
    assert Runs([]).completed_percent is None


def test_the_newest_run_stands_at_the_right_end_of_the_strip():
    runs = Runs([Run(State.COMPLETED, 1), Run(State.FAILED, None)])
    bars = runs.bars
    assert bars[-1].x > 96 and bars[-1].has_dot and not bars[0].has_dot
    assert all(0 < bar.height <= 100 for bar in bars)
    with translation.override("es"):
        drawn = strip(runs)
    assert f'x="{bars[0].x}%"' in drawn, "with a point in all languages: a comma draws nothing"
    assert drawn.count("<rect") == 2 and drawn.count("<circle") == 1


def test_marks_of_the_pace_never_lie_on_each_other():
    runs = Runs([Run(State.COMPLETED, n) for n in (100, 101, 102)])
    line = pace(50, runs, 300)
    assert line is not None
    assert [tick.name for tick in line.ticks] == ["usual", "limit"]
    assert pace(50, Runs([]), None) is None
    far = pace(5, runs, 86_400)
    assert far is not None and not any(tick.is_limit for tick in far.ticks)


@pytest.mark.parametrize("usual", [1, 20, 60, 100])
@pytest.mark.parametrize("elapsed", [0, 30, 150, 1000])
@pytest.mark.parametrize("limit", [None, 105, 130, 300])
def test_words_under_the_pace_never_lie_on_each_other(usual, elapsed, limit):
    runs = Runs([Run(State.COMPLETED, n) for n in (usual, usual, usual, usual + 100)])
    line = pace(elapsed, runs, limit)
    assert line is not None
    said = [*line.ticks, *([line.begin] if line.begin else [])]
    for width, shown in [
        (DESK, said),
        (PHONE, [tick for tick in said if not tick.is_optional]),
    ]:
        spans = sorted(tick.span(width) for tick in shown)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
        assert spans[0][0] >= 0 and spans[-1][1] <= 100
    assert line.ticks[0].name == "usual" and not line.ticks[0].is_optional


def test_where_the_attempt_began_is_said_where_there_is_room():
    runs = Runs([Run(State.COMPLETED, n) for n in (60, 60, 60, 100)])
    line = pace(10, runs, None)
    assert line is not None and line.begin is not None
    crowded = pace(1000, runs, None)
    assert crowded is not None and crowded.begin is None


def test_where_it_broke_is_the_innermost_frame_of_own_code():
    assert trace.own_last(TRACEBACK) == trace.Frame("app/tasks/billing.py:61", "charge")
    assert trace.own_last("no traceback at all") is None


@pytest.mark.parametrize("waiting_for", WaitingFor)
def test_every_reason_to_wait_has_few_words(waiting_for):
    assert 0 < len(words.waits(waiting_for)) < 16
    assert words.waits("") == ""
