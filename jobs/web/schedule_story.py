"""What was done to a schedule, newest first: by people, by code, and by beat itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from jobs.models import Event

_MOST_CHARS = 120
# By the verb of its event: in words, its symbol and its tone.
_DONE: Mapping[str, tuple[Any, str, str]] = {
    "create": (lazy("made it"), "i-plus", ""),
    "edit": (lazy("changed it"), "i-edit", ""),
    "delete": (lazy("deleted it"), "i-x", ""),
    "enable": (lazy("enabled it"), "i-play", ""),
    "disable": (lazy("disabled it"), "i-x", ""),
    "pause": (lazy("paused it"), "s-paused", "s-paused"),
    "resume": (lazy("resumed it"), "i-play", ""),
    "run": (lazy("fired it"), "i-bolt", ""),
    "reset": (lazy("reset it to the code"), "i-redo", ""),
    "backfill": (lazy("asked for a backfill"), "i-redo", ""),
    "cancel": (lazy("cancelled a backfill"), "i-x", ""),
    "misfire": (lazy("found that nobody was there at its time"), "i-alert", "t-warn"),
    "quarantine": (lazy("set it aside"), "i-alert", "t-bad"),
    "stranger": (lazy("found another beat that fires it"), "i-alert", "t-bad"),
    "unsent": (lazy("could not send its message"), "i-alert", "t-bad"),
}


@dataclass(frozen=True)
class Change:
    """One field, before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    at: datetime
    person: Any
    words: str
    symbol: str
    tone: str
    reason: str = ""
    changes: list[Change] = field(default_factory=list)
    job: str = ""


def story(events: Iterable[Event]) -> list[Told]:
    return [_told(event) for event in events]


def _told(event: Event) -> Told:
    words, symbol, tone = _DONE.get(event.verb, (event.verb, "i-note", ""))
    reason, changes = event.reason, []
    if event.verb == "misfire" and event.after:
        reason = _late(event.after)
    elif event.verb in ("edit", "reset"):
        changes = list(_changes(event.before or {}, event.after or {}))
    job = event.job_id or ""
    return Told(event.at, event.actor, str(words), symbol, tone, reason, changes, job)


def _late(after: Mapping[str, Any]) -> str:
    late = ngettext("%(n)d fire came too late", "%(n)d fires came too late", after["count"])
    told = late % {"n": after["count"]}
    caught_up = _("%(n)d caught up") % {"n": after["caught_up"]}
    return f"{told}, {caught_up}"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old != new:
            yield Change(name, _plain(old), _plain(new))


def _plain(value: Any) -> str:
    text = "–" if value in (None, "", [], {}) else str(value)
    return text if len(text) <= _MOST_CHARS else text[: _MOST_CHARS - 1] + "…"
