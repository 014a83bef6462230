"""How jobs of a task run: the operator's word, or else the code's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jobs import registry
from jobs.dispatch.policy import LIMITS, OFF
from jobs.dispatch.routes import rule_for
from jobs.models import Event, Task
from jobs.registry import Definition, Retries
from jobs.registry.limited import key_text

from .spans import duration


@dataclass(frozen=True)
class Policy:
    """What holds for jobs of a task that were given no wish of their own."""

    queue: str
    priority: int
    soft_time_limit: float | None
    time_limit: float | None
    stall_after: float | None
    max_retries: int | None
    max_running: int | None
    max_running_per_key: int | None
    concurrency_key: str
    on_conflict: str
    rate: str
    burst: int | None
    rate_key: str
    fair_by: str
    unique: str
    retries: Retries
    fallback: str
    on_lost: str
    tags: tuple[str, ...]
    source: str


def policy(task: Task) -> Policy | None:
    """None for a task that this process does not know."""
    try:
        code = registry.get(task.name)
    except registry.UnknownTask:
        return None
    first = _first(task, code)
    return Policy(
        queue=queue_of(task),
        priority=first("priority") or 5,
        soft_time_limit=first("soft_time_limit"),
        time_limit=first("time_limit"),
        stall_after=first("stall_after"),
        max_retries=first("max_retries"),
        **limits(task, code),
        unique=told_apart(code),
        retries=code.retries,
        fallback=code.fallback_name,
        on_lost=code.on_lost,
        tags=code.tags,
        source=code.function.__module__,
    )


def limits(task: Task, code: Definition) -> dict[str, Any]:
    """How many of its jobs run, and start, as its row and its code say; None and "" where
    there is no limit."""
    keys = ("concurrency_key", "rate_key", "fair_by")
    said = {name: getattr(task, name) for name in LIMITS}
    both = {n: getattr(code, n) if own in (None, "") else own for n, own in said.items()}
    rate = both["rate"] if both["rate"] not in (None, OFF) else ""
    return {name: key_text(getattr(code, name)) for name in keys} | {
        "max_running": both["max_running"] or None,
        "max_running_per_key": (code.concurrency_key and both["max_running_per_key"]) or None,
        "rate": rate,
        "burst": (rate and both["burst"]) or None,
        "on_conflict": code.on_conflict,
    }


def told_apart(code: Definition) -> str:
    """How its jobs are kept to one at a time, in words; empty when they are not."""
    rule = code.unique
    if rule is None:
        return ""
    by = ", ".join(rule.by) if isinstance(rule.by, tuple) else key_text(rule.by)
    words = _("one for each %(by)s") % {"by": by} if by else _("one of those that are alike")
    bound = rule.delay or rule.period
    return words + (f", {duration(bound)}" if bound else "")


def _first(task: Task, code: Definition) -> Any:
    def first(name: str) -> Any:
        own = getattr(task, name)
        return getattr(code, name) if own is None else own

    return first


def when_empty(name: str, field: str) -> str:
    """What holds of the task where its operator says nothing, in words for the field."""
    if field == "queue" and (rule := rule_for(name)):
        return _("Empty: as the routing rule %(rule)s says.") % {"rule": rule}
    said = _in_code(name, field)
    if said in (None, ""):
        return _("Empty: the code says nothing of it either.")
    return _("Empty: as in the code, %(value)s.") % {"value": said}


def _in_code(name: str, field: str) -> Any:
    """What the code says of it; None when it says nothing or is not known here."""
    try:
        said = getattr(registry.get(name), field)
    except registry.UnknownTask:
        return None
    if field == "max_retries" and said is None:
        return _("without end")  # the one field of which None says something
    return said


def queue_of(task: Task) -> str:
    """Where its jobs go: as operators say of it or by a rule, or else the code."""
    rule = None if task.queue else rule_for(task.name)
    if task.queue or rule:
        return task.queue or str(rule and rule.queue)
    try:
        return registry.get(task.name).queue or "celery"
    except registry.UnknownTask:
        return ""


def switched_off(tasks: Iterable[Task]) -> dict[str, Event]:
    """By name: who disabled those of them that are disabled, when and why, as far as
    somebody told."""
    off = [task.name for task in tasks if not task.enabled]
    events = Event.objects.filter(task__in=off, job__isnull=True, after__enabled=False)
    newest_last = events.select_related("actor").order_by("at", "id") if off else []
    return {str(event.task_id): event for event in newest_last}
