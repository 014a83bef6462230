"""Change how the jobs of a task run, and who may: the operators' half of its row."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import registry
from jobs.dispatch.policy import EDITED, OFF, forget
from jobs.models import Event, Task
from jobs.params import Invalid

from . import queues
from .edit import HIGHEST, LOWEST
from .order import Order

GROUPS = ("viewers", "runners", "managers")
SHORTEST, LONGEST = 0.1, 31_536_000
"""Seconds between which a limit lies."""
MOST_RETRIES = 1_000
_LIMITS = ("soft_time_limit", "time_limit", "stall_after")
MOST_RUNNING = 1_000_000
_NUMBERS = {
    "priority": (LOWEST, HIGHEST, gettext_lazy("Give a number from 0 to 9, the highest.")),
    "max_retries": (0, MOST_RETRIES, gettext_lazy("Give a number from 0 to 1000.")),
    "max_running": (0, MOST_RUNNING, gettext_lazy("Give a number from 0 to 1000000.")),
    "max_running_per_key": (0, MOST_RUNNING, gettext_lazy("Give a number from 0 to 1000000.")),
    "burst": (1, MOST_RUNNING, gettext_lazy("Give a number from 1 to 1000000.")),
}
_QUEUE = re.compile(r"[\w.:@-]*")


OUTDATED = gettext_lazy(
    "Somebody changed this task while you looked at it. Nothing was saved: "
    "load the page again to see what they did."
)


class Outdated(Exception):
    """Somebody else changed the task since it was looked at."""


def edit(name: str, order: Order, changes: Mapping[str, Any], *, seen: str = "") -> bool:
    """Write the named fields of a task, groups as rows; whether anything is different now.

    `seen` is the `fingerprint` of what the person looked at. Raises params.Invalid,
    Outdated when it is no longer so, and Task.DoesNotExist.
    """
    with transaction.atomic():
        task = Task.objects.select_for_update().get(pk=name)
        refuse_wrong(changes, order.by, own_queue=task.queue, name=name)
        before = told(task)
        if seen and seen != fingerprint(task):
            raise Outdated
        _write(task, changes)
        after = told(task)
        names = [each for each in after if before[each] != after[each]]
        if names:
            _note(task, order, {n: before[n] for n in names}, {n: after[n] for n in names})
    return bool(names)


def switch(names: Iterable[str], on: bool, order: Order) -> int:
    """Enable or disable tasks; how many were not so already."""
    with transaction.atomic():
        return sum(edit(name, order, {"enabled": on}) for name in sorted(names))


def give(names: Iterable[str], role: str, groups: Iterable[Group], order: Order) -> int:
    """Put groups among those who view, run or manage tasks; how many tasks that changed."""
    return _regroup(names, role, order, lambda members: members | {*groups})


def take(names: Iterable[str], role: str, groups: Iterable[Group], order: Order) -> int:
    """Take groups out again; how many tasks that changed."""
    return _regroup(names, role, order, lambda members: members - {*groups})


def _regroup(
    names: Iterable[str],
    role: str,
    order: Order,
    changed: Callable[[set[Group]], set[Group]],
) -> int:
    with transaction.atomic():
        held = Task.objects.select_for_update().filter(pk__in=names).order_by("pk")
        return sum(
            edit(task.pk, order, {role: changed({*getattr(task, role).all()})}) for task in held
        )


def told(task: Task) -> dict[str, Any]:
    """The operators' half of it as JSON, groups by their names."""
    values = {name: getattr(task, name) for name in EDITED}
    return values | {name: _names(getattr(task, name).all()) for name in GROUPS}


def fingerprint(task: Task) -> str:
    """The same for the same half; a form carries it to notice that another person saved."""
    text = json.dumps(told(task), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def refuse_wrong(
    changes: Mapping[str, Any], by: Any, *, own_queue: str = "", name: str = ""
) -> None:
    """Raises params.Invalid for what no job could run with, for a limit that the task
    `name` cannot have, and for a queue that is new: who manages a task may choose one, who
    controls queues may name one."""
    words = {
        "queue": _wrong_queue(changes.get("queue") or "", by, own_queue),
        "rate": _wrong_rate(changes.get("rate") or ""),
        **{each: _wrong_number(each, changes.get(each)) for each in _NUMBERS},
        **{each: _wrong_span(changes.get(each)) for each in _LIMITS},
    }
    if changes.get("max_running_per_key") and name and not _has_key(name):
        words["max_running_per_key"] = _("Its code names no concurrency_key.")
    soft, hard = changes.get("soft_time_limit"), changes.get("time_limit")
    if not any(words.values()) and soft and hard and soft >= hard:
        words["soft_time_limit"] = _("The soft limit must come before the hard one.")
    if problems := {each: [told] for each, told in words.items() if told}:
        raise Invalid(problems)


def _wrong_number(name: str, number: int | None) -> str:
    least, most, told = _NUMBERS[name]
    return "" if number is None or least <= number <= most else str(told)


def _wrong_span(seconds: float | None) -> str:
    # Not a number compares as neither.
    if seconds is None or (math.isfinite(seconds) and _is_span(seconds)):
        return ""
    return _("Give from a tenth of a second to a year.")


def _wrong_queue(queue: str, by: Any, own: str) -> str:
    if not _QUEUE.fullmatch(queue):
        return _("A queue is named with letters, digits and . : @ - _")
    if queue in ("", own) or _may_name_queues(by) or queue in queues.known():
        return ""
    return _("No task and no setting names this queue.")


def _wrong_rate(rate: str) -> str:
    try:
        if rate not in ("", OFF):
            registry.rate_of(rate)
    except ValueError:
        return _("Give a rate like 10/m (s, m, h or d), at most 1000 a second, or off.")
    return ""


def _has_key(name: str) -> bool:
    """Whether its jobs are told apart; of a task that only others know, nobody knows."""
    try:
        return registry.get(name).concurrency_key is not None
    except registry.UnknownTask:
        return True


def _may_name_queues(by: Any) -> bool:
    return by is None or by.has_perm("jobs.control_queues")


def _is_span(seconds: float) -> bool:
    return SHORTEST <= seconds <= LONGEST


def _write(task: Task, changes: Mapping[str, Any]) -> None:
    columns = [name for name in EDITED if name in changes]
    for name in columns:
        setattr(task, name, changes[name])
    task.save(update_fields=columns)
    for name in (each for each in GROUPS if each in changes):
        getattr(task, name).set(changes[name])
    # What this process holds of it for a second; it may not be true after a rollback either.
    forget()


def _note(task: Task, order: Order, before: dict[str, Any], after: dict[str, Any]) -> None:
    verbs = {True: "enable", False: "disable"}
    Event.objects.create(
        task=task,
        actor_id=getattr(order.by, "pk", None),
        verb=verbs.get(after.get("enabled", ""), "edit"),
        before=before,
        after=after,
        reason=order.reason,
    )


def _names(groups: Iterable[Group]) -> list[str]:
    return sorted(group.name for group in groups)
