"""Schedules to fire, and a beat in this process that does it."""

from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs.models import Event, Job, Schedule
from jobs.scheduling.scheduler import DatabaseScheduler
from tests import sample_tasks


def beat(name: str = "this") -> DatabaseScheduler:
    """Beat's scheduler in this process, without its relay."""
    scheduler = DatabaseScheduler(app=current_app, lazy=True)
    scheduler.holder = name
    return scheduler


def run(scheduler: DatabaseScheduler, now: datetime | None = None) -> None:
    """Tick until nothing is left to do."""
    for _tick in range(100):
        if look(scheduler, now) > 0:
            return
    raise AssertionError("beat never comes to rest")


def look(scheduler: DatabaseScheduler, now: datetime | None) -> float:
    """A tick that does not hide what goes wrong."""
    real = scheduler.time_as_leader()
    assert real is not None, "it does not lead"
    return scheduler.look(now or real)


def every(seconds: int = 3600, task: Any = sample_tasks.add, **columns: Any) -> PeriodicTask:
    """A schedule of `task`; columns of our row may be among those of the entry."""
    interval = IntervalSchedule.objects.get_or_create(every=seconds, period="seconds")[0]
    return entry(task, interval=interval, **columns)


def entry(task: Any = sample_tasks.add, **columns: Any) -> PeriodicTask:
    ours = {f.name for f in Schedule._meta.fields if f.name != "entry"}
    policy = {name: columns.pop(name) for name in ours & {*columns}}
    name = getattr(task, "name", task)
    columns = {"name": f"a schedule of {name}", "kwargs": '{"x": 1}', **columns}
    made = PeriodicTask.objects.create(task=name, **columns)
    if policy:
        Schedule.objects.filter(pk=made.pk).update(**policy)
    return made


def first_due(made: PeriodicTask) -> datetime:
    """Plan it; the moment that is next."""
    run(beat())
    moment = schedule(made).due_at
    assert moment is not None, schedule(made).flaw or "it never comes"
    return moment


def run_at(made: PeriodicTask, seconds: float = 0) -> datetime:
    """Let beat run so long after the moment that is next; that moment."""
    moment = first_due(made)
    run(beat(), moment + timedelta(seconds=seconds))
    return moment


def schedule(made: PeriodicTask) -> Schedule:
    return Schedule.objects.get(pk=made.pk)


def fires(made: PeriodicTask) -> list[Job]:
    """In the order of their moments."""
    return list(Job.objects.filter(schedule=made, due_at__isnull=False).order_by("due_at"))


def events(made: PeriodicTask) -> list[str]:
    found = Event.objects.filter(schedule=made.pk).order_by("id")
    return list(found.values_list("verb", flat=True))
