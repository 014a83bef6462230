"""What people do to a worker. The worker is asked, within a bound; an Event is kept of what
was asked, by whom and why, before that, and of the answer after it."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from jobs.execution import queues
from jobs.execution.order import Order
from jobs.execution.policy import LONGEST, SHORTEST
from jobs.models import Event, Task, Worker
from jobs.params import Invalid

from .asking import Answer, ask
from .remote import COLD_SHUTDOWN

MOST_SLOTS = 1_000
QUEUE_MAX_CHARS = 255
_QUEUE = re.compile(r"[\w.:@-]+")
_RATE = re.compile(r"(\d{1,9}(\.\d{1,6})?(/[smh])?)?")


@dataclass(frozen=True)
class Verb:
    """`name` is what doors call it, `command` what Celery does; `fields` is what it needs.
    `asks` is said before a grave one, for which a reason must be given."""

    name: str
    command: str
    label: Any
    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    asks: Any = ""

    @property
    def is_grave(self) -> bool:
        return bool(self.asks)


VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("grow", "pool_grow", lazy("Grow its pool"), ("n",)),
        Verb("shrink", "pool_shrink", lazy("Shrink its pool"), ("n",)),
        Verb("autoscale", "autoscale", lazy("Set the bounds of autoscaling"), ("max", "min")),
        Verb("add-queue", "add_consumer", lazy("Take from one more queue"), ("queue",)),
        Verb(
            "remove-queue",
            "cancel_consumer",
            lazy("Take no longer from a queue"),
            ("queue",),
            asks=lazy("Jobs in that queue wait until another worker takes from it."),
        ),
        Verb(
            "time-limit",
            "time_limit",
            lazy("Set the time limits of a task"),
            ("task",),
            ("soft", "hard"),
        ),
        Verb(
            "rate-limit", "rate_limit", lazy("Set the rate limit of a task"), ("task", "rate")
        ),
        Verb("enable-events", "enable_events", lazy("Send Celery's events")),
        Verb("disable-events", "disable_events", lazy("Send no events of Celery")),
        Verb(
            "restart",
            "pool_restart",
            lazy("Restart its pool"),
            asks=lazy("New processes take the place of all; busy ones end their task first."),
        ),
        Verb(
            "shutdown",
            "shutdown",
            lazy("Shut down"),
            asks=lazy("It takes nothing more, and ends when what it runs is done."),
        ),
        Verb(
            "cold-shutdown",
            COLD_SHUTDOWN,
            lazy("Shut down now"),
            asks=lazy("What it runs is stopped: it runs again, or fails if it may run once."),
        ),
    )
}
NEEDED = lazy("Say why; the reason is kept.")


def do(worker: Worker, verb: Verb, given: Mapping[str, Any], order: Order) -> Answer:
    """Ask `worker` to do it. Raises params.Invalid for what no worker could do, and for a
    grave verb without a reason; then nothing is asked."""
    arguments = _arguments(verb, given, order)
    event = Event.objects.create(
        subject=worker.name[:255],
        actor_id=getattr(order.by, "pk", None),
        verb=verb.name,
        after=arguments,
        reason=order.reason,
    )
    answer = ask(worker.name, verb.command, arguments)
    told = answer.problem or str(answer.said or "")
    Event.objects.filter(pk=event.pk).update(after={**arguments, "answer": told})
    Worker.changed(worker.name)
    return answer


def _arguments(verb: Verb, given: Mapping[str, Any], order: Order) -> dict[str, Any]:
    """As the control command takes them."""
    problems: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    known = (*verb.fields, *verb.optional)
    for name in given:
        if name not in known:
            problems[name] = [_("There is no parameter of this name.")]
    for name in known:
        try:
            found[name] = _READ[name](given.get(name), order)
        except ValueError as wrong:
            problems[name] = [str(wrong)]
    if verb.is_grave and not order.reason.strip():
        problems["reason"] = [str(NEEDED)]
    if not problems:
        problems = _together(found)
    if problems:
        raise Invalid(problems)
    return {_CALLED.get(name, name): value for name, value in found.items()}


def _together(found: Mapping[str, Any]) -> dict[str, list[str]]:
    if found.get("min", 0) > found.get("max", 0):
        return {"min": [_("The least must not be more than the most.")]}
    soft, hard = found.get("soft"), found.get("hard")
    if soft and hard and soft >= hard:
        return {"soft": [_("The soft limit must come before the hard one.")]}
    return {}


def _slots(value: Any, order: Order) -> int:
    number = _number(value)
    if not number.is_integer() or not 1 <= number <= MOST_SLOTS:
        raise ValueError(_("Give a whole number from 1 to 1000."))
    return int(number)


def _seconds(value: Any, order: Order) -> float | None:
    if value in (None, ""):
        return None
    seconds = _number(value)
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(_("Give from a tenth of a second to a year."))
    return seconds


def _number(value: Any) -> float:
    """Raises ValueError in words. A yes is no one."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(_("Enter a number."))
    return number


def _queue(value: Any, order: Order) -> str:
    """One that is known, unless they may name new ones."""
    if not (isinstance(value, str) and _QUEUE.fullmatch(value)):
        raise ValueError(_("A queue is named with letters, digits and . : @ - _"))
    if len(value) > QUEUE_MAX_CHARS:
        raise ValueError(_("Enter at most %(max_length)s characters.") % {"max_length": 255})
    may_name = order.by is None or order.by.has_perm("jobs.control_queues")
    if not may_name and value not in queues.known():
        raise ValueError(_("No task and no setting names this queue."))
    return value


def _task(value: Any, order: Order) -> str:
    if not (isinstance(value, str) and "\x00" not in value):
        raise ValueError(_("Enter text."))
    if not Task.objects.filter(pk=value).exists():
        raise ValueError(_("There is no task of this name."))
    return value


def _rate(value: Any, order: Order) -> str:
    text = "" if value is None else str(value)
    if not _RATE.fullmatch(text):
        raise ValueError(_("Give a rate like 10/m, 5/s or 100/h, or nothing for none."))
    return text


_READ: Mapping[str, Callable[[Any, Order], Any]] = {
    "n": _slots, "max": _slots, "min": _slots, "queue": _queue, "task": _task,
    "soft": _seconds, "hard": _seconds, "rate": _rate,
}  # fmt: skip
_CALLED = {"task": "task_name", "rate": "rate_limit"}
