"""Rows of a schedule on the way from what they are to what somebody wants."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.models import CatchUp, Overlap, Schedule
from jobs.models.schedule import DAY_SECONDS
from jobs.params import Invalid

from .times import Impossible
from .told import ENTRY, POLICY, solar_of, told
from .when import moment, row_of

MOMENTS = ("at", "start_at", "end_at")


@dataclass
class Draft:
    schedule: Schedule
    changes: dict[str, Any]
    """What is wanted and is not so already."""
    by: Any
    is_new: bool

    @classmethod
    def of(cls, values: Mapping[str, Any], by: Any, entry: PeriodicTask | None) -> "Draft":
        """Copies: `entry` itself stays as it is."""
        if entry is None:
            return cls(blank(by), dict(values), by, is_new=True)
        schedule = copy(entry.policy)
        schedule.entry = copy(entry)
        return cls(schedule, different(values, told(schedule)), by, is_new=False)

    @property
    def entry(self) -> PeriodicTask:
        return self.schedule.entry

    def named(self, *names: str) -> dict[str, Any]:
        """Those of the changes."""
        return {name: self.changes[name] for name in names if name in self.changes}

    def write(self, name: str, value: Any) -> None:
        if name in ENTRY:
            setattr(self.entry, ENTRY[name], value)
        else:
            setattr(self.schedule, POLICY[name], value)


def different(values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What of `values` says something else than `before`."""
    return {
        name: value
        for name, value in values.items()
        if name not in before or _plain(name, value) != before[name]
    }


def _plain(name: str, value: Any) -> Any:
    """As `told` writes it, where it can be read."""
    try:
        if name in MOMENTS and value:
            return moment(value).isoformat()
        if name == "cron" and value:
            return " ".join(value.split())
        if name == "solar" and value:
            return solar_of(row_of(name, value, "UTC"))
    except (Impossible, Invalid, AttributeError):
        return value
    if name in ("queue", "note"):
        return value or ""
    return None if value == "" else value


def blank(by: Any) -> Schedule:
    """As the database would make it; the columns' defaults are known to that alone."""
    return Schedule(
        entry=PeriodicTask(name="", task="", args="[]", kwargs="{}", headers="{}"),
        overlap=Overlap.ALLOW_ALL,
        catch_up=CatchUp.LATEST,
        catch_up_window_seconds=DAY_SECONDS,
        grace_seconds=60,
        jitter_seconds=0,
        blackout=[],
        expires_with_next=False,
        run_as=by,
        anchor_at=timezone.now(),
        pause_note="",
        key="",
        flaw="",
        runs=0,
        revision=0,
    )
