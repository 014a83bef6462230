"""A schedule in words: what its task is given, and what is odd about it."""

from typing import Any

from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs.scheduling.misfit import misfit
from jobs.scheduling.timings import next_turn

_ROUTES = ("queue", "exchange", "routing_key")


def odd_options(entry: PeriodicTask) -> dict[str, Any]:
    """What no form of ours sets: routes and headers that somebody stored otherwise."""
    found = {name: getattr(entry, name) for name in _ROUTES if getattr(entry, name)}
    if (entry.headers or "{}").strip() != "{}":
        found["headers"] = entry.headers
    return found


def state_of(entry: PeriodicTask) -> str:
    """Whether it comes, in a word, and why not."""
    policy = entry.policy
    if policy.is_paused:
        told = _("paused")
        return f"{told}: {policy.pause_note}" if policy.pause_note else told
    return _("on") if entry.enabled else _("disabled")


def flaws(entry: PeriodicTask) -> list[str]:
    """What a person should look at."""
    turn = next_turn(entry)
    if entry.policy.flaw:
        found = [entry.policy.flaw]
    else:
        found = [_("never comes due")] if entry.enabled and turn is None else []
        found += filter(None, [misfit(entry)])
    if odd := odd_options(entry):
        found.append(_("set elsewhere: %(names)s") % {"names": ", ".join(sorted(odd))})
    return found
