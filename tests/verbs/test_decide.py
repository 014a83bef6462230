"""What becomes of moments that have come: facts in, a decision out; nothing is stored."""

from datetime import UTC, datetime, timedelta

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs.models import CatchUp, Overlap, Schedule
from jobs.scheduling.decide import CAUGHT_UP, MISSED, Deed, Facts, decide
from jobs.scheduling.plan import MOST_MOMENTS, Plan

NOON = datetime(2026, 8, 22, 12, tzinfo=UTC)
RUN, WAIT, SKIP, FAIL = Deed.RUN, Deed.WAIT, Deed.SKIP, Deed.FAIL


def plan(minutes: int = 10, due: datetime = NOON, **columns) -> Plan:
    """Every so many minutes, the next one at noon; nothing is in a database."""
    ours = {f.name for f in Schedule._meta.fields} | {"run_as_id"}
    policy = {name: columns.pop(name) for name in ours & {*columns}}
    entry = PeriodicTask(
        pk=7, name="it", interval=IntervalSchedule(every=minutes, period="minutes"), **columns
    )
    rules = {
        "overlap": Overlap.ALLOW_ALL, "catch_up": CatchUp.LATEST, "grace_seconds": 60,
        "catch_up_window_seconds": 86_400, "jitter_seconds": 0, "blackout": [],
        "expires_with_next": False, "anchor_at": NOON, "due_at": due,
    }  # fmt: skip
    return Plan(Schedule(entry=entry, **rules | policy))


def told(decision) -> list[tuple]:
    """Each moment in minutes after noon, what is done, and its tag."""
    return [
        (
            (turn.due_at - NOON) / timedelta(minutes=1),
            turn.deed,
            *([turn.tag] if turn.tag else []),
        )
        for turn in decision.turns
    ]


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("late", "rules", "expected"),
    [
        (0, {}, [(0, RUN)]),
        (1, {}, [(0, RUN)]),
        (2, {"catch_up": CatchUp.NONE}, [(0, SKIP, MISSED)]),
        (2, {"catch_up": CatchUp.LATEST}, [(0, RUN, CAUGHT_UP)]),
        (35, {"catch_up": CatchUp.NONE}, [(n, SKIP, MISSED) for n in (0, 10, 20, 30)]),
        (
            35,
            {"catch_up": CatchUp.LATEST},
            [(0, SKIP, MISSED), (10, SKIP, MISSED), (20, SKIP, MISSED), (30, RUN, CAUGHT_UP)],
        ),
        (
            35,
            {"catch_up": CatchUp.ALL, "catch_up_window_seconds": 1000},
            [
                (0, SKIP, MISSED),
                (10, SKIP, MISSED),
                (20, RUN, CAUGHT_UP),
                (30, RUN, CAUGHT_UP),
            ],
        ),
        # The last of them came in time: nothing has to be caught up but by "all".
        (20.5, {}, [(0, SKIP, MISSED), (10, SKIP, MISSED), (20, RUN)]),
        (
            20.5,
            {"catch_up": CatchUp.ALL},
            [(0, RUN, CAUGHT_UP), (10, RUN, CAUGHT_UP), (20, RUN)],
        ),
        (25, {"grace_seconds": 2000}, [(0, RUN), (10, RUN), (20, RUN)]),
        (25, {"catch_up_window_seconds": 60}, [(n, SKIP, MISSED) for n in (0, 10, 20)]),
    ],
)
def test_what_came_too_late_is_caught_up_as_the_schedule_says(late, rules, expected):
    decision = decide(plan(**rules), Facts(after(late)))
    assert told(decision) == expected
    assert decision.next_at == after(late - late % 10 + 10)
    assert len(decision.missed) == sum(len(each) == 3 for each in expected)


@pytest.mark.parametrize(
    ("rule", "live", "waiting", "expected", "ends"),
    [
        (Overlap.ALLOW_ALL, 3, 0, RUN, False),
        (Overlap.SKIP, 0, 0, RUN, False),
        (Overlap.SKIP, 1, 0, SKIP, False),
        (Overlap.BUFFER_ONE, 0, 0, RUN, False),
        (Overlap.BUFFER_ONE, 1, 0, WAIT, False),
        (Overlap.BUFFER_ONE, 2, 1, SKIP, False),
        (Overlap.BUFFER_ALL, 9, 8, WAIT, False),
        (Overlap.CANCEL_OTHER, 0, 0, RUN, False),
        (Overlap.CANCEL_OTHER, 2, 0, WAIT, True),
        (Overlap.TERMINATE_OTHER, 2, 0, WAIT, True),
    ],
)
def test_a_fire_meets_those_before_it(rule, live, waiting, expected, ends):
    decision = decide(plan(overlap=rule), Facts(NOON, live=live, waiting=waiting))
    assert told(decision) == [(0, expected)]
    assert decision.ends_others == ends


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Overlap.ALLOW_ALL, [RUN, RUN, RUN]),
        (Overlap.SKIP, [RUN, SKIP, SKIP]),
        (Overlap.BUFFER_ONE, [RUN, WAIT, SKIP]),
        (Overlap.BUFFER_ALL, [RUN, WAIT, WAIT]),
        (Overlap.CANCEL_OTHER, [SKIP, SKIP, RUN]),
    ],
)
def test_fires_that_come_together_meet_each_other(rule, expected):
    rules = plan(overlap=rule, grace_seconds=2000)
    assert [turn.deed for turn in decide(rules, Facts(after(25))).turns] == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"date": "2026-08-22"}, SKIP),
        ({"date": "2026-08-23"}, RUN),
        ({"from": "2026-08-22T11:00", "until": "2026-08-22T12:01"}, SKIP),
        ({"from": "2026-08-22T11:00", "until": "2026-08-22T12:00"}, RUN),
        ({"from": "11:00", "until": "12:30"}, SKIP),
        ({"from": "22:00", "until": "12:30"}, SKIP),
        ({"from": "22:00", "until": "06:00"}, RUN),
        ({"from": "11:00", "until": "12:30", "weekdays": [6]}, SKIP),
        ({"from": "11:00", "until": "12:30", "weekdays": [0, 1, 2, 3, 4, 5]}, RUN),
        ({"from": "22:00", "until": "12:30", "weekdays": [5]}, SKIP),
    ],
)
def test_at_some_times_it_is_not_to_run(settings, window, expected):
    settings.TIME_ZONE = "UTC"
    decision = decide(plan(blackout=[window]), Facts(NOON))
    assert told(decision) == [(0, expected)]
    assert decision.next_at == after(10)


def test_times_off_are_read_on_the_clock_of_the_schedule():
    crontab = CrontabSchedule(minute="0", hour="14", timezone="Europe/Berlin")
    window = [{"from": "13:30", "until": "14:30"}]
    entry = PeriodicTask(pk=7, name="it", crontab=crontab)
    schedule = plan(blackout=window).schedule
    schedule.entry = entry
    rules = Plan(schedule)
    assert rules.passed(after(-1), NOON) == ([NOON], False)
    assert told(decide(rules, Facts(NOON))) == [(0, SKIP)]


def test_who_may_not_run_it_fails_once_and_pauses():
    rules = plan(grace_seconds=2000)
    decision = decide(rules, Facts(after(25), refusal="ada may not"))
    assert [turn.deed for turn in decision.turns] == [FAIL, SKIP, SKIP]
    assert (decision.pauses, decision.next_at) == ("ada may not", None)
    assert decision.turns[0].reason == "ada may not"


@pytest.mark.parametrize(("failed", "expected"), [(0, RUN), (2, RUN), (3, SKIP)])
def test_failures_in_a_row_pause_it(failed, expected):
    decision = decide(plan(pause_after_failures=3), Facts(NOON, failed=failed))
    assert told(decision) == [(0, expected)]
    assert bool(decision.pauses) == (expected == SKIP)


@pytest.mark.parametrize(
    ("rules", "fires", "is_over"),
    [
        ({"remaining": 2}, 2, True),
        ({"remaining": 3}, 3, True),
        ({"remaining": 4}, 3, False),
        ({"one_off": True}, 1, True),
        ({"ends_at": after(15)}, 2, True),
        ({"expires": after(20)}, 2, True),
    ],
)
def test_it_ends_with_its_last_fire(rules, fires, is_over):
    decision = decide(plan(grace_seconds=2000, **rules), Facts(after(25)))
    assert (decision.fires, decision.next_at is None) == (fires, is_over)


def test_after_a_long_time_a_hundred_rows_tell_of_what_was_missed():
    rules = plan(1, catch_up=CatchUp.ALL, catch_up_window_seconds=10**9)
    decision = decide(rules, Facts(NOON + timedelta(days=400)))
    assert len(decision.turns) == MOST_MOMENTS
    assert decision.is_more
    assert decision.turns[-1].due_at == NOON + timedelta(days=400)
    assert decision.next_at == decision.turns[-1].due_at + timedelta(minutes=1)


def test_jitter_is_the_same_for_a_moment_and_stays_before_the_next():
    rules = plan(jitter_seconds=3600)
    moments = [after(10 * n) for n in range(200)]
    waits = [rules.fires_at(moment) - moment for moment in moments]
    assert all(timedelta() <= wait < timedelta(minutes=10) for wait in waits)
    assert waits == [plan(jitter_seconds=3600).fires_at(moment) - moment for moment in moments]
    assert len({*waits}) > 190
    assert max(waits) - min(waits) > timedelta(minutes=9)


def test_what_still_jitters_is_the_next_one():
    rules = plan(jitter_seconds=3600)
    late = max(range(1, 50), key=lambda n: rules.fires_at(after(10 * n)) - after(10 * n))
    rules.schedule.due_at = after(10 * (late - 1))
    decision = decide(rules, Facts(after(10 * late)))
    assert [turn.due_at for turn in decision.turns] == [after(10 * (late - 1))]
    assert decision.next_at == after(10 * late)


@pytest.mark.parametrize(
    ("columns", "since", "expected"),
    [
        ({}, after(3), after(10)),
        ({}, after(10), after(20)),
        ({"start_time": after(30)}, after(3), after(30)),
        ({"start_time": after(30)}, after(30), after(40)),
        ({"enabled": False}, after(3), None),
        ({"paused_at": NOON}, after(3), None),
        ({"remaining": 0}, after(3), None),
        ({"ends_at": after(10)}, after(3), None),
    ],
)
def test_the_first_moment_after_an_edit(columns, since, expected):
    assert plan(**columns).first(since) == expected
