"""Several beats at once, killed, stopped and frozen: no moment is missing, none comes twice."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs.models import CatchUp, Job, Leader, Schedule
from tests import sample_tasks
from tests.waiting import eventually

from .process import Process
from .site import CELERY, LEASE_SECONDS, Site

SECOND = timedelta(seconds=1)


@pytest.fixture
def beats(site: Site) -> Iterator[list[Process]]:
    second = site.process("second beat", [*CELERY, "beat", "-l", "INFO", "--pidfile="])
    second.start().wait_for("beat: Starting")
    yield [site.beat, second]
    PeriodicTask.objects.update(enabled=False)
    site.stop("second beat")


@pytest.fixture
def three_beats(site: Site, beats: list[Process]) -> Iterator[list[Process]]:
    third = site.process("third beat", [*CELERY, "beat", "-l", "INFO", "--pidfile="])
    third.start().wait_for("beat: Starting")
    yield [*beats, third]
    site.stop("third beat")


def each_second(count: int) -> list[PeriodicTask]:
    interval = IntervalSchedule.objects.get_or_create(every=1, period="seconds")[0]
    entries = [
        PeriodicTask.objects.create(
            name=f"each second {n}",
            task=sample_tasks.add.name,
            interval=interval,
            kwargs='{"x": 1}',
        )
        for n in range(count)
    ]
    Schedule.objects.update(catch_up=CatchUp.ALL)
    return entries


def moments(entry: PeriodicTask) -> list[datetime]:
    fires = Job.objects.filter(schedule=entry, due_at__isnull=False).order_by("due_at")
    return [at for at in fires.values_list("due_at", flat=True) if at is not None]


def leader(beats: list[Process]) -> Process:
    """Whoever holds the office; processes are known by their number."""

    def found() -> Process | None:
        holder = Leader.objects.get(pk=Leader.SCHEDULES).holder
        return next((beat for beat in beats if holder.endswith(f":{beat.pid}")), None)

    return eventually(found, within=30)  # type: ignore[return-value]


def kill(beat: Process) -> None:
    beat.kill()
    beat.start()


def end(beat: Process) -> None:
    beat.stop()
    beat.start()


def freeze(beat: Process) -> None:
    """Long enough for the other one to take its place."""
    beat.signal(signal.SIGSTOP)
    time.sleep(LEASE_SECONDS + 1)
    beat.signal(signal.SIGCONT)


WAYS: list[Callable[[Process], None]] = [kill, end, freeze]


def hurt(
    beats: list[Process], entries: list[PeriodicTask], ways: list[Callable[..., None]]
) -> None:
    for way in ways:
        before = len(moments(entries[0]))
        way(leader(beats))
        eventually(lambda known=before: len(moments(entries[0])) > known + 3, within=60)


def none_is_missing(entries: list[PeriodicTask], at_least: int) -> None:
    PeriodicTask.objects.update(enabled=False)
    eventually(lambda: not Schedule.objects.filter(fire_at__isnull=False).exists())
    for entry in entries:
        found = moments(entry)
        assert len(found) >= at_least
        assert [b for a, b in pairwise(found) if b - a != SECOND] == []


def test_the_other_beat_goes_on_where_one_was_killed(site, beats):
    entries = each_second(2)
    eventually(lambda: len(moments(entries[0])) > 1, within=30)
    hurt(beats, entries, [kill, freeze])
    none_is_missing(entries, at_least=10)


@pytest.mark.long
def test_for_a_thousand_fires_no_harm_done_to_three_beats_shows(site, three_beats):
    dice = random.Random(5)
    entries = each_second(10)
    eventually(lambda: len(moments(entries[0])) > 1, within=30)
    hurt(three_beats, entries, dice.choices(WAYS, k=12))
    eventually(lambda: all(len(moments(entry)) > 100 for entry in entries), within=120)
    none_is_missing(entries, at_least=100)
