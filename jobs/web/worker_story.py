"""What happened to a worker, newest first: how it came and went, and what people did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as lazy

from jobs.models import Event
from jobs.workers.verbs import VERBS

_MOST_CHARS = 300
# By the verb of its event: in words, its symbol and its tone.
_DONE: Mapping[str, tuple[Any, str, str]] = {
    "worker_began": (lazy("It began"), "i-play", ""),
    "worker_ended": (lazy("It ended in order"), "s-cancelled", ""),
    "worker_lost": (lazy("It was lost"), "s-failed", "s-failed"),
    "worker_deaf": (lazy("It took nothing though there was something"), "i-deaf", "t-warn"),
    "worker_hears": (lazy("It takes jobs again"), "i-check", ""),
    "unknown_task": (lazy("It did not know a task"), "i-alert", "t-warn"),
    "unreadable_message": (lazy("It could not read a message"), "i-alert", "t-warn"),
    "refused_message": (lazy("It refused a message"), "i-alert", "t-warn"),
}


@dataclass(frozen=True)
class Told:
    at: datetime
    person: Any
    words: str
    symbol: str
    tone: str
    detail: str


def story(events: Iterable[Event]) -> list[Told]:
    return [_told(event) for event in events]


def _told(event: Event) -> Told:
    usual = (event.verb.replace("_", " ").capitalize(), "i-note", "")
    if event.verb in VERBS:
        usual = (VERBS[event.verb].label, "i-user", "")
    words, symbol, tone = _DONE.get(event.verb, usual)
    detail = " · ".join(filter(None, [_facts(event.after), event.reason]))
    return Told(event.at, event.actor, str(words), symbol, tone, detail[:_MOST_CHARS])


def _facts(after: Any) -> str:
    """host: node-a, pid: 12"""
    if not isinstance(after, dict):
        return ""
    return ", ".join(f"{name}: {value}" for name, value in after.items() if value is not None)
