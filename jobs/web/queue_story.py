"""What was done to a queue, newest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as lazy

from jobs.models import Event

_DONE: Mapping[str, tuple[Any, str]] = {
    "pause_queue": (lazy("paused it"), "s-paused"),
    "drain_queue": (lazy("drains it"), "i-out"),
    "resume_queue": (lazy("opened it"), "i-play"),
    "purge_queue": (lazy("purged it: %(cancelled)s jobs were cancelled"), "i-x"),
    "edit_routes": (lazy("wrote the rules: %(listed)s"), "i-note"),
    "move_queue": (lazy("moved %(moved)s jobs to %(queue)s"), "i-arrow"),
}


@dataclass(frozen=True)
class Told:
    at: datetime
    person: Any
    words: str
    symbol: str
    reason: str


def story(events: Iterable[Event]) -> list[Told]:
    """Of workers that bear the same name nothing is told here."""
    return [_told(event) for event in events if event.verb in _DONE]


def _told(event: Event) -> Told:
    words, symbol = _DONE[event.verb]
    said = str(words) % _facts(event.after or {})
    return Told(event.at, event.actor, said, symbol, event.reason)


def _facts(after: dict[str, Any]) -> dict[str, Any]:
    rules = [f"{pattern} → {queue}" for pattern, queue in after.get("rules", [])]
    return after | {"listed": ", ".join(rules) or "–"}
