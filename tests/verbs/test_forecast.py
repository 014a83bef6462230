"""Whether runs will overlap, told from how long the last ones took."""

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from jobs.models import Overlap, Schedule
from jobs.reading.forecast import Forecast, forecast, replay
from tests.doors import rows
from tests.verbs import beats
from tests.verbs.test_preview import NOW, every, made

MINUTE = 60.0


def each(minutes: int, count: int) -> list:
    return [NOW + n * timedelta(minutes=minutes) for n in range(count)]


def test_each_rule_makes_its_own_of_runs_that_take_too_long():
    """Asked every 10 minutes, each takes 14."""
    fires, spans = each(10, 100), [14 * MINUTE]

    def told(overlap):
        found = replay(fires, spans, overlap)
        return found.skipped, found.ended, found.most

    assert told(Overlap.SKIP) == (50, 0, 1)
    assert told(Overlap.BUFFER_ONE) == (28, 0, 2)
    assert told(Overlap.BUFFER_ALL) == (0, 0, 30)  # of 100, 71 have ended: 29 wait
    assert told(Overlap.ALLOW_ALL) == (0, 0, 2)
    assert told(Overlap.CANCEL_OTHER) == told(Overlap.TERMINATE_OTHER) == (0, 99, 1)


def test_runs_that_end_in_time_are_in_nobodys_way():
    for overlap in Overlap:
        found = replay(each(10, 50), [10 * MINUTE, MINUTE], overlap)
        assert (found.fires, found.skipped, found.ended, found.most) == (50, 0, 0, 1)


def sample() -> list[Forecast]:
    """As on the picture that the page follows, and its other states."""
    fires = each(15, 200)
    spans = ([14 * MINUTE] * 8 + [22 * MINUTE]) * 22
    common = {"gap": 15 * MINUTE, "fires": fires[:4]}
    return [
        Forecast(spans, overlap=o, outcome=replay(fires, spans, o), **common) for o in Overlap
    ] + [
        Forecast([600] * 5, overlap="skip", outcome=replay(fires, [600], "skip"), **common),
        Forecast([30 * MINUTE] * 9, True, overlap="skip",
                 outcome=replay(fires, [30 * MINUTE], "skip"), **common),
        Forecast(gap=900), Forecast(),
    ]  # fmt: skip


def test_it_is_said_in_a_sentence():
    found = {each.overlap: each for each in sample()[:6]}
    assert found["skip"].headline == (
        "About 1 run in 9 still goes on when the next one is due."
    )
    assert found["skip"].detail == (
        "Of the last 198 runs, 22 took longer than 15 min. "
        "With “skip it”, 20 of the next 200 would be skipped."
    )
    assert "at the same time" in found["allow_all"].detail
    assert "the line would grow to 1 within" in found["buffer_all"].detail
    assert "22 of the next 200 would be ended early" in found["cancel_other"].detail
    in_time, too_long = sample()[6:8]
    assert in_time.headline == "Each run ends before the next one is due."
    assert too_long.headline == "It is asked every 15 min, and a run usually takes 30 min."


def test_bars_stay_within_the_drawing_and_take_turns_where_they_overlap():
    told = sample()[0]
    assert [bar.y for bar in told.usual_bars] == [42] * 4
    assert [bar.y for bar in told.p95_bars] == [70, 84, 70, 84]
    assert all(bar.x + bar.width <= 100 for bar in (*told.usual_bars, *told.p95_bars))


def test_it_is_drawn():
    for told in sample():
        html = render_to_string("jobs/schedule/forecast.html", {"forecast": told})
        assert html.count("<circle") == (4 if told.is_known else 0)


# From rows.


def ran(minutes: float, count: int, **columns) -> None:
    for n in range(count):
        begun = timezone.now() - timedelta(days=1, hours=n)
        ended = begun + timedelta(minutes=minutes)
        rows.job("completed", started_at=begun, finished_at=ended, **columns)


@pytest.fixture
def boss(db):
    return rows.user("boss", is_superuser=True)


@pytest.mark.django_db
def test_it_looks_at_its_own_runs_and_at_those_of_its_task_where_it_has_too_few(boss):
    rows.task()
    ran(7, 5)
    entry = beats.every(600)
    row = Schedule.objects.with_entry().get(pk=entry.pk)
    told = forecast(boss, row)
    assert (told.of_task, told.usual, told.gap) == (True, 7 * MINUTE, 600)
    ran(14, 3, schedule=entry)
    rows.job("skipped", schedule=entry)
    rows.job("running", schedule=entry)
    told = forecast(boss, row)
    assert (told.of_task, list(told.spans)) == (False, [14 * MINUTE] * 3)


@pytest.mark.django_db
def test_runs_that_one_may_not_see_are_not_counted(boss):
    rows.task()
    ran(7, 5)
    row = every(10)
    assert forecast(boss, row).is_known
    assert not forecast(rows.user("eve"), row).is_known


@pytest.mark.django_db
def test_what_never_comes_or_comes_once_overlaps_with_nothing(boss):
    rows.task()
    ran(7, 5)
    assert forecast(boss, made("0 0 31 2 *")) == Forecast()
    assert forecast(boss, made("0 1 * * *", one_off=True)).gap is None
    # The day of 23 hours aside.
    assert forecast(boss, made("0 1 * * *")).gap == 24 * 60 * MINUTE


@pytest.mark.django_db
def test_it_costs_the_same_however_long_the_history(boss, django_assert_num_queries):
    rows.task()
    ran(7, 3)
    with django_assert_num_queries(1):
        forecast(boss, every(10))
    ran(7, 20)
    with django_assert_num_queries(1):
        assert len(forecast(boss, every(10)).spans) == 23
