"""Schedules that people make and change, and what becomes of the rows."""

from typing import Any

import pytest
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from jobs.execution.order import Order
from jobs.models import Event, Schedule
from jobs.params import Invalid
from jobs.scheduling.edit import create, edit
from tests import sample_tasks

ADD, FAIL, LOG_IN = (
    sample_tasks.add.name,
    sample_tasks.fail.name,
    sample_tasks.log_in.name,
)
NIGHTLY = {"name": "nightly", "task": ADD, "params": {"x": 1}, "cron": "30 2 * * *"}
WHY = "It is time."
_KINDS = (
    PeriodicTask, Schedule, Event,
    CrontabSchedule, IntervalSchedule, ClockedSchedule, SolarSchedule,
)  # fmt: skip


def made(by: Any, **values: Any) -> Schedule:
    return create({**NIGHTLY, **values}, Order(by, WHY))


def change(by: Any, schedule: Schedule, **values: Any) -> bool:
    return edit(schedule.pk, values, Order(by, WHY))


def now_of(schedule: Schedule) -> Schedule:
    return Schedule.objects.with_entry().get(pk=schedule.pk)


def wrong(by: Any, schedule: Schedule | None = None, **values: Any) -> list[str]:
    """The fields that are refused, of a new one without a `schedule`; nothing is stored."""
    before = _stored()
    with pytest.raises(Invalid) as refused:
        change(by, schedule, **values) if schedule else made(by, **values)
    assert _stored() == before
    assert all(problem for problems in refused.value.fields.values() for problem in problems)
    return sorted(refused.value.fields)


def _stored() -> list[Any]:
    return [row for kind in _KINDS for row in kind.objects.values()]
