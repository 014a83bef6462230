"""What holds for a task right now: the operator's word over the code's. Where its jobs go,
the operators' routing rules say between the two."""

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from celery import current_app
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from jobs import registry
from jobs.conf import configuration
from jobs.models import OnLost, Route, Task

from .routes import rule_for, rules

# An operator's edit is effective everywhere within this time.
FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Policy:
    """Empty means that neither said anything, so Celery's own default holds. Limits are
    seconds."""

    enabled: bool = True
    queue: str = ""
    priority: int | None = None
    soft_time_limit: float | None = None
    time_limit: float | None = None
    stall_after: float | None = None
    max_retries: int | None = None
    on_lost: OnLost = OnLost.HOLD
    expires: float | datetime | None = None
    max_running: int | None = None
    max_running_per_key: int | None = None
    rate: str = ""
    burst: int | None = None
    on_conflict: str = "wait"
    is_fair: bool = False
    has_rate_key: bool = False

    @property
    def is_limited(self) -> bool:
        """Whether its jobs wait in lines until one after the other is let in."""
        limits = (self.max_running, self.max_running_per_key, self.rate, self.is_fair)
        return any(limits) or configuration().max_concurrent_jobs > 0

    @property
    def expires_at(self) -> datetime | None:
        """From when on a job that is asked for now need not start any more."""
        if isinstance(self.expires, int | float):
            return timezone.now() + timedelta(seconds=self.expires)
        return self.expires

    @property
    def silence(self) -> timedelta | None:
        """How long a job may run without progress or log before it is flagged."""
        return timedelta(seconds=self.stall_after) if self.stall_after else None


LIMITS = ("max_running", "max_running_per_key", "rate", "burst")
# The columns of a task's row that fields above are read from.
EDITED = ("enabled", "queue", "priority", "soft_time_limit", "time_limit", "stall_after",
          "max_retries", *LIMITS)  # fmt: skip
# An operator's word against a limit of the code.
OFF = "off"

_UNSAID = Policy()
_rows: dict[str, Policy] = {}
# Both words, and what holds by them: each call of a task asks several times.
_Rules: TypeAlias = tuple[Route, ...]
_known: dict[str, tuple[Policy, registry.Definition, _Rules, Policy]] = {}
_listed: set[str] = set()
_read_at = 0.0


def policy_of(name: str) -> Policy:
    """The policy of the task `name`; a task unknown here has an empty one."""
    own = edited(name)
    try:
        coded = registry.get(name)
    except registry.UnknownTask:
        return replace(own, queue=_queue(name, own, ""), **_limits(own, None))
    told = rules()
    known = _known.get(name)
    if known is None or not (known[0] is own and known[1] is coded and known[2] is told):
        known = _known[name] = own, coded, told, _joined(own, coded)
    return known[3]


def _joined(own: Policy, coded: registry.Definition) -> Policy:
    return Policy(
        enabled=own.enabled,
        queue=_queue(coded.name, own, coded.queue or ""),
        priority=coded.priority if own.priority is None else own.priority,
        soft_time_limit=own.soft_time_limit or coded.soft_time_limit,
        time_limit=own.time_limit or coded.time_limit,
        stall_after=own.stall_after or coded.stall_after,
        max_retries=coded.max_retries if own.max_retries is None else own.max_retries,
        on_lost=OnLost(coded.on_lost),
        expires=coded.expires,
        **_limits(own, coded),
    )


def _queue(name: str, own: Policy, coded: str) -> str:
    """The operator's word of the task itself, then their rules, then the code."""
    if own.queue:
        return own.queue
    rule = rule_for(name)
    return rule.queue if rule else coded


def _limits(own: Policy, coded: registry.Definition | None) -> dict[str, Any]:
    """0 and "off" of an operator are no limit."""
    said = {name: getattr(own, name) for name in LIMITS}
    for name, value in said.items():
        if value in (None, ""):
            said[name] = getattr(coded, name, None)
    rate = "" if said["rate"] in (None, OFF) else said["rate"]
    has_key = getattr(coded, "concurrency_key", None) is not None
    return {
        "max_running": said["max_running"] or None,
        "max_running_per_key": (has_key and said["max_running_per_key"]) or None,
        "rate": rate,
        "burst": said["burst"],
        "on_conflict": getattr(coded, "on_conflict", "wait"),
        "has_rate_key": getattr(coded, "rate_key", None) is not None,
        "is_fair": getattr(coded, "fair_by", None) is not None,
    }


def edited(name: str) -> Policy:
    """The operator's word alone."""
    return _edits().get(name, _UNSAID)


def is_listed(name: str) -> bool:
    """Whether some process, if not this one, has told that it can run such a task."""
    _edits()
    return name in _listed


def limited() -> set[str]:
    """The tasks that this process knows to be limited, by code or by operators."""
    known = {definition.name for definition in registry.all()} | set(_edits())
    return {name for name in known if policy_of(name).is_limited}


def routed_queue(
    name: str, options: dict[str, Any] | None = None, args: Any = None, kwargs: Any = None
) -> str:
    """Where Celery's routes send a call of `name`; without one, the default queue."""
    router = current_app.amqp.router
    if not (router.routes or options):
        return _default_queue(router)
    return _queue_of(router.route(options or {}, name, args, kwargs))


@lru_cache(maxsize=4)
def _default_queue(router: Any) -> str:
    """Celery asks six dictionaries for the name of it, for each call of a task."""
    return _queue_of(router.route({}, ""))


def _queue_of(route: dict[str, Any]) -> str:
    queue = route.get("queue")
    if queue is not None:
        return str(queue.name)
    return str(route.get("routing_key") or current_app.conf.task_default_queue)


def _edits() -> dict[str, Policy]:
    global _rows, _listed, _read_at
    if time.monotonic() - _read_at > FRESH_SECONDS:
        rows = list(Task.objects.values_list("name", "error", "missing_at", *EDITED))
        _rows = {
            name: Policy(**dict(zip(EDITED, values, strict=True)))
            for name, _error, _missing, *values in rows
        }
        _listed = {name for name, error, missing, *_rest in rows if not (error or missing)}
        _read_at = time.monotonic()
    return _rows


def forget(**kwargs: object) -> None:
    """Read the operators' edits anew at the next question."""
    global _read_at
    _read_at = 0.0


post_save.connect(forget, sender=Task)
post_delete.connect(forget, sender=Task)
