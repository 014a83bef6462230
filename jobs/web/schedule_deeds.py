"""The verbs on a schedule, in words: which make sense for it now, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as lazy
from django_celery_beat.models import PeriodicTask

from jobs.execution.order import Order
from jobs.reading.fires import Row
from jobs.scheduling import coded, entries
from jobs.scheduling.edit import delete
from jobs.scheduling.rows import read_row


def _pause(entry: PeriodicTask, by: Any, reason: str) -> bool:
    return entries.pause(entry, by=by, note=reason)


def _resume(entry: PeriodicTask, by: Any, reason: str) -> bool:
    return entries.resume(entry, by=by)


def _enable(entry: PeriodicTask, by: Any, reason: str) -> bool:
    return entries.switch(entry, True, by=by, reason=reason)


def _disable(entry: PeriodicTask, by: Any, reason: str) -> bool:
    return entries.switch(entry, False, by=by, reason=reason)


def _delete(entry: PeriodicTask, by: Any, reason: str) -> bool:
    delete(entry.pk, Order(by, reason))
    return True


def _reset(entry: PeriodicTask, by: Any, reason: str) -> bool:
    return coded.reset(read_row(entry.pk), by=by, reason=reason)


@dataclass(frozen=True)
class Deed:
    """One verb. `asks` is the question before it; `is_grave` ones want a reason."""

    name: str
    label: Any
    icon: str
    fits: Callable[[Row], bool]
    does: Callable[[PeriodicTask, Any, str], bool]
    did: Any
    in_vain: Any
    asks: Any = ""
    is_grave: bool = False
    is_aside: bool = True

    @property
    def button(self) -> str:
        """What does it, after the question."""
        return str(self.label).rstrip("…")


DEEDS = {
    deed.name: deed
    for deed in (
        Deed(
            "resume",
            lazy("Resume"),
            "i-play",
            lambda row: row.state == "paused",
            _resume,
            lazy("%(name)s goes on from its next moment."),
            lazy("%(name)s was not paused."),
            is_aside=False,
        ),
        Deed(
            "enable",
            lazy("Enable"),
            "i-play",
            lambda row: row.state == "off",
            _enable,
            lazy("%(name)s is on."),
            lazy("%(name)s was on already."),
            is_aside=False,
        ),
        Deed(
            "pause",
            lazy("Pause…"),
            "i-pause",
            lambda row: row.state in ("on", "over"),
            _pause,
            lazy("%(name)s is paused until somebody resumes it."),
            lazy("%(name)s was paused already."),
            lazy("It has no moments until somebody resumes it; nothing is caught up then."),
            is_aside=False,
        ),
        Deed(
            "disable",
            lazy("Disable…"),
            "i-x",
            lambda row: row.state not in ("off", "flawed"),
            _disable,
            lazy("%(name)s is off."),
            lazy("%(name)s was off already."),
            lazy("It is off for good, until somebody enables it. To stop it for a while, "
                 "pause it."),
            is_grave=True,
        ),
        Deed(
            "reset",
            lazy("Reset to the code…"),
            "i-redo",
            lambda row: row.is_edited,
            _reset,
            lazy("%(name)s is as the code says."),
            lazy("%(name)s was as the code says already."),
            lazy("What was edited of its task, times and parameters is taken back."),
            is_grave=True,
        ),
        Deed(
            "delete",
            lazy("Delete…"),
            "i-x",
            lambda row: row.is_readable and not row.schedule.key,
            _delete,
            lazy("%(name)s is deleted; its jobs stay."),
            "",
            lazy("It is gone for good; the jobs that it made stay."),
            is_grave=True,
        ),
    )
}  # fmt: skip


def offered(row: Row) -> list[Deed]:
    """The verbs that make sense for it now, for who manages it."""
    return [deed for deed in DEEDS.values() if deed.fits(row)] if row.may_manage else []
