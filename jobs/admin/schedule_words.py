"""A schedule in words: when it comes, when next, and what is odd about it."""

from datetime import datetime
from typing import Any

from celery.schedules import ParseException
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.params import Invalid, Unreadable
from jobs.params.shown import without_seals
from jobs.scheduling.given import asked, read

from .record import snapshot
from .schedule_form import FIELDS
from .shown import MASK, parameters

# What Celery raises for a stored row that no form of ours would have let pass.
_BROKEN = (ParseException, ValueError, TypeError, OverflowError, RuntimeError)
_PARAMS = ("args", "kwargs")
_ROUTES = ("queue", "exchange", "routing_key")


def words(row: Any) -> str:
    """A crontab, an interval, … for people."""
    if row is None:
        return "-"
    try:
        return str(getattr(row, "human_readable", row))
    except _BROKEN:
        return str(row)


def next_turn(entry: PeriodicTask) -> datetime | None:
    """When it comes next, as far as its row can say; None for never."""
    if not entry.enabled or entry.scheduler is None:
        return None
    now = timezone.now()
    if entry.start_time and entry.start_time > now:
        return entry.start_time  # type: ignore[no-any-return]
    try:
        schedule = entry.schedule
        zone = getattr(schedule, "tz", None) or timezone.get_default_timezone()
        last = (entry.last_run_at or entry.date_changed or now).astimezone(zone)
        return max(now + schedule.remaining_estimate(last), now)  # type: ignore[no-any-return]
    except _BROKEN:
        return None


def odd_options(entry: PeriodicTask) -> dict[str, Any]:
    """What no form of ours sets: routes and headers that somebody stored otherwise."""
    found = {name: getattr(entry, name) for name in _ROUTES if getattr(entry, name)}
    if (entry.headers or "{}").strip() != "{}":
        found["headers"] = entry.headers
    return found


def given_to(entry: PeriodicTask) -> Any:
    """What its task is given, by name, secrets masked; all of it for a task that is not
    known here, of which nobody can say what is secret."""
    known = parameters(entry.task)
    try:
        args, kwargs = read(entry.args or "[]", list), read(entry.kwargs or "{}", dict)
    except ValueError as reason:
        return str(reason)
    if known is None:
        return MASK if args or kwargs else {}
    return known.bind(args, without_seals(kwargs))


def told(entry: PeriodicTask, names: tuple[str, ...] = FIELDS) -> dict[str, Any]:
    """The named fields as an event keeps them."""
    facts = snapshot(entry, tuple(name for name in names if name not in _PARAMS))
    return facts | {"params": given_to(entry)} if {*_PARAMS} & {*names} else facts


def flaws(entry: PeriodicTask) -> list[str]:
    """What a person should look at."""
    found = []
    if entry.enabled and next_turn(entry) is None:
        found.append(_("never comes due"))
    try:
        registry.get(entry.task).parameters.validate(asked(entry))
    except registry.UnknownTask:
        found.append(_("its task is not registered"))
    except Invalid:
        found.append(_("its task does not take these parameters"))
    except Unreadable:
        found.append(_("a secret can no longer be read"))
    if odd := odd_options(entry):
        found.append(_("set elsewhere: %(names)s") % {"names": ", ".join(sorted(odd))})
    return found
