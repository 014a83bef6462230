"""One scheduler in a process of its own, told what to measure; prints the figures.

usage: python -m tests.bench.beat APP seed SCHEDULES CRONTABS DUE     rows, and nothing else
       python -m tests.bench.beat APP measure DUE                     the settings' scheduler
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django

BATCH = 1_000
PATIENCE_SECONDS = 300.0
FIRES_PER_SECOND, SUSTAINED_SECONDS = 100, 20


def main(module: str, what: str, *counts: int) -> dict[str, float]:
    django.setup()
    app = import_module(module).app
    app.loader.import_default_modules()
    if what == "measure":
        return measure(app, *counts)
    seed(*counts)
    settle(app)
    return {}


def measure(app: Any, due: int) -> dict[str, float]:
    began = time.perf_counter()
    scheduler = scheduler_of(app)
    scheduler.tick()
    found = {"start": time.perf_counter() - began, "idle": idle(scheduler)}
    found["edit"] = edit(scheduler)
    if hasattr(scheduler, "look"):
        found["due"] = fire(scheduler, due)
        found["lag"] = lag(scheduler)
    return found | {"memory": memory()}


def memory() -> float:
    """The most that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def scheduler_of(app: Any) -> Any:
    from celery.utils.imports import symbol_by_name

    return symbol_by_name(app.conf.beat_scheduler)(app=app, lazy=True)


def seed(schedules: int, crontabs: int, due: int) -> None:
    """Most of them come at some time of the day; `due` of them each hour, and those ran
    just now."""
    from django.utils import timezone
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

    # Neither now nor within the next hours: the measurement is to find nothing due.
    away = (timezone.now().hour + 12) % 24
    lines = CrontabSchedule.objects.bulk_create(
        CrontabSchedule(
            minute=str(n % 60),
            hour=f"{away},{(away + 1 + n // 60 % 5) % 24}",
            day_of_month=str(1 + n // 300 % 28),
            month_of_year=f"1-{1 + n // 8400 % 12}",
        )
        for n in range(crontabs)
    )
    hourly = IntervalSchedule.objects.create(every=1, period="hours")
    rest = schedules - due
    PeriodicTask.objects.bulk_create(
        (
            PeriodicTask(
                name=f"s{n}", task="bench.noop", last_run_at=timezone.now(),
                **({"crontab": lines[n % crontabs]} if n < rest else {"interval": hourly}),
            )
            for n in range(schedules)
        ),
        batch_size=BATCH,
    )  # fmt: skip


def settle(app: Any) -> None:
    """What is new is planned once, before anything is measured."""
    scheduler = scheduler_of(app)
    if hasattr(scheduler, "look"):
        while scheduler.tick() == 0.0:
            pass
        scheduler.close()


def idle(scheduler: Any) -> float:
    """Milliseconds of a tick that finds nothing, the median of some."""
    times = sorted(timed(scheduler.tick) for _try in range(20))
    return times[len(times) // 2] * 1000


def edit(scheduler: Any) -> float:
    """Seconds of the tick that finds one schedule edited."""
    from django_celery_beat.models import PeriodicTask

    entry = PeriodicTask.objects.order_by("pk").first()
    assert entry is not None
    entry.args = "[1]"
    entry.save()
    return timed(scheduler.tick)


def fire(scheduler: Any, due: int) -> float:
    """Seconds until all of those that come each hour are rows, an hour later. Of ours only."""
    from django.utils import timezone
    from django_celery_beat.models import PeriodicTask

    from jobs.models import Job, Schedule

    hourly = PeriodicTask.objects.filter(interval__isnull=False)
    now = timezone.now()
    Schedule.objects.filter(entry__in=hourly.values("pk")).update(due_at=now, fire_at=now)
    began = time.perf_counter()
    while time.perf_counter() - began < PATIENCE_SECONDS:
        if scheduler.tick() > 0 and Job.objects.exclude(due_at=None).count() >= due:
            return time.perf_counter() - began
    raise TimeoutError(f"{due} due at once were not sent within {PATIENCE_SECONDS} s")


def lag(scheduler: Any) -> float:
    """Seconds after its moment until a fire was asked for, which 99 of 100 keep: at
    `FIRES_PER_SECOND`, among all the others that are planned."""
    from datetime import timedelta

    from django.db.models import F
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    from jobs.models import Job

    second = IntervalSchedule.objects.create(every=1, period="seconds")
    made = PeriodicTask.objects.bulk_create(
        PeriodicTask(name=f"each second {n}", task="bench.noop", interval=second)
        for n in range(FIRES_PER_SECOND)
    )
    until = time.perf_counter() + SUSTAINED_SECONDS
    while time.perf_counter() < until:
        time.sleep(max(0.0, scheduler.tick()))
    fires = Job.objects.filter(schedule__in=made, due_at__isnull=False, queued_at__isnull=False)
    late = sorted(fires.values_list(F("queued_at") - F("due_at"), flat=True))
    assert len(late) >= FIRES_PER_SECOND * (SUSTAINED_SECONDS - 2), f"{len(late)} fires"
    return float(late[len(late) * 99 // 100] / timedelta(seconds=1))


def timed(what: Callable[[], Any]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:3], *map(int, sys.argv[3:]))), flush=True)
