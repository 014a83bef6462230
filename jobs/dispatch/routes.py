"""The operators' routing rules, as this process knows them for a second."""

import time
from typing import Any

from jobs.models import Route
from jobs.signals import thing_changed

# An edit is effective everywhere within this time.
FRESH_SECONDS = 1.0

_rules: tuple[Route, ...] = ()
_read_at = 0.0


def rules() -> tuple[Route, ...]:
    """In their order; the same tuple as before while no rule is another."""
    global _rules, _read_at
    if time.monotonic() - _read_at > FRESH_SECONDS:
        found = tuple(Route.objects.order_by("place"))
        if [*map(str, found)] != [*map(str, _rules)]:
            _rules = found
        _read_at = time.monotonic()
    return _rules


def rule_for(name: str) -> Route | None:
    """The first that means the task `name`."""
    return next((rule for rule in rules() if rule.means(name)), None)


def forget(**kwargs: Any) -> None:
    """Read them anew at the next question."""
    global _read_at
    _read_at = 0.0


thing_changed.connect(forget, dispatch_uid="jobs.dispatch.routes")
