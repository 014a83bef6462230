"""What schedules would do in days to come is what beat would decide, and nothing of it is
done."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.management.people import SYSTEM
from jobs.models import CatchUp, Event, Job, Overlap, Schedule
from jobs.reading.simulated import simulated
from jobs.scheduling.replan import replan
from jobs.scheduling.simulate import Simulation, Span, Told
from jobs.states import State
from tests.doors import desk
from tests.doors.rows import job, task, user

from .beats import beat, every, fires, run, schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hourly(name: str = "hourly", lasts: float = 0, seconds: int = 3600, **columns: Any) -> Any:
    """A schedule whose last runs took so many seconds, planned."""
    made = every(seconds, name=name, **columns)
    for number in range(3 if lasts else 0):
        began = timezone.now() - (number + 2) * DAY
        job(State.COMPLETED, task=made.task, schedule=made, created_at=began, started_at=began,
            finished_at=began + timedelta(seconds=lasts))  # fmt: skip
    replan()
    return made


def ahead(days: float = 1, most: int = 10_000, down: Any = None) -> Simulation:
    now = timezone.now()
    span = Span(now, now + days * DAY, down)
    return simulated(SYSTEM, PeriodicTask.objects.all(), span, most)[0]


def of(made: PeriodicTask, found: Simulation) -> Told:
    return next(told for told in found.schedules if told.plan.entry.pk == made.pk)


def test_a_plain_schedule_runs_at_each_of_its_moments_and_nothing_is_stored():
    made = hourly()
    before = list(Schedule.objects.values())
    told = of(made, ahead())
    assert (told.moments, len(told.runs), told.skipped.total()) == (24, 24, 0)
    assert told.runs[0].begin == schedule(made).due_at
    assert (Job.objects.count(), Event.objects.count()) == (0, 0)
    assert list(Schedule.objects.values()) == before


@pytest.mark.parametrize(
    ("overlap", "runs", "skipped", "ended", "most"),
    [
        (Overlap.ALLOW_ALL, 24, 0, 0, 2),
        (Overlap.SKIP, 12, 12, 0, 1),
        (Overlap.BUFFER_ALL, 24, 0, 0, 1),
        (Overlap.CANCEL_OTHER, 24, 0, 23, 1),
    ],
)
def test_runs_that_take_longer_than_until_the_next_meet_its_overlap_rule(
    overlap, runs, skipped, ended, most
):
    made = hourly(lasts=5400, overlap=overlap)
    found = ahead()
    told = of(made, found)
    assert (len(told.runs), told.skipped.total(), told.ended) == (runs, skipped, ended)
    assert (found.queues["celery"].most, found.queues["celery"].clashes) == (most, 0)
    if overlap == Overlap.SKIP:
        assert dict(told.skipped) == {"The one before it had not ended.": 12}


def test_one_waits_and_the_others_are_skipped():
    told = of(hourly(lasts=3 * 3600, overlap=Overlap.BUFFER_ONE), ahead())
    begins = [run.begin for run in told.runs]
    assert len(told.runs) + told.skipped.total() == 24
    assert {b - a for a, b in pairwise(begins[1:])} == {3 * HOUR}


def test_times_off_a_number_of_fires_and_an_end_hold():
    dark = [{"from": "00:00", "until": "12:00"}]
    off = hourly("off", blackout=dark)
    few = hourly("few", remaining=5)
    once = hourly("once", one_off=True)
    ends = hourly("ends", ends_at=timezone.now() + 3.5 * HOUR)
    found = ahead()
    assert of(off, found).skipped.total() == 12
    assert [len(of(made, found).runs) for made in (few, once, ends)] == [5, 1, 3]


def test_the_jitter_of_each_fire_is_that_of_beat():
    made = hourly(jitter_seconds=600)
    told = of(made, ahead())
    assert told.runs[0].begin == schedule(made).fire_at
    assert len({run.begin.minute for run in told.runs}) > 3


@pytest.mark.parametrize(
    ("catch_up", "runs"), [(CatchUp.NONE, 19), (CatchUp.LATEST, 20), (CatchUp.ALL, 24)]
)
def test_what_comes_while_no_beat_runs_is_caught_up_by_its_rule(catch_up, runs):
    made = hourly(catch_up=catch_up)
    first = schedule(made).due_at
    down = (first + 2.5 * HOUR, first + 7.75 * HOUR)
    told = of(made, ahead(down=down))
    assert (told.moments, len(told.runs), told.caught_up) == (24, runs, runs - 19)


def test_who_may_not_run_it_pauses_it_at_the_first_moment():
    task()
    nobody = user("nobody")
    told = of(hourly(run_as=nobody), ahead())
    assert (len(told.runs), told.moments) == (0, 1)
    assert "may not run its task" in told.pauses


def test_clashes_are_counted_by_queue():
    hourly("long", lasts=1800, queue="billing", start_time=timezone.now() - 3.1 * HOUR)
    hourly("short", lasts=5, queue="billing", start_time=timezone.now() - 3 * HOUR)
    hourly("elsewhere", lasts=1800, queue="other")
    found = ahead()
    assert (found.queues["billing"].clashes, found.queues["billing"].most) == (24, 2)
    assert found.queues["other"].clashes == 0
    assert found.busiest is not None and found.busiest[1] >= 1


def test_too_many_moments_are_counted_and_the_rare_ones_replayed():
    often, rare = hourly("often", seconds=60), hourly("rare")
    found = ahead(days=30, most=1000)
    assert (of(rare, found).is_replayed, len(of(rare, found).runs)) == (True, 720)
    assert (of(often, found).is_replayed, of(often, found).moments) == (False, 43_200)


def test_it_tells_what_beat_then_does():
    dark = [{"from": "05:00", "until": "09:30"}]
    made = hourly(jitter_seconds=300, blackout=dark, remaining=15)
    told = of(made, ahead(days=2))
    while (row := schedule(made)).due_at is not None:
        run(beat(), row.fire_at)
    states = [each.state for each in fires(made)]
    assert states.count(State.SKIPPED) == told.skipped.total() == len(states) - 15
    assert [each.created_at for each in fires(made) if each.state != State.SKIPPED] == [
        each.begin for each in told.runs
    ]


def test_it_asks_as_often_for_many_as_for_few():
    counts = []
    for many in (1, 5):
        for number in range(many):
            hourly(f"s{many}{number}", lasts=3)
        ahead()
        with desk.asked() as queries:
            ahead()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10
