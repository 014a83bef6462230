"""What happened to a job, newest first: its own times, its attempts, and its events."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from jobs.models import Attempt, Event, Job
from jobs.states import State

# What people did, by the verb of its event.
DONE = {
    "start": lazy("Started"),
    "pause": lazy("Pause asked"),
    "resume": lazy("Resumed"),
    "cancel": lazy("Cancel asked"),
    "terminate": lazy("Ended at once"),
    "fail": lazy("Marked as failed"),
    "stack": lazy("Stack asked for"),
    "stall": lazy("Stalled"),
    "late": lazy("Late"),
    "retry": lazy("Run again"),
    "edit": lazy("Edited"),
    "replace": lazy("Replaced by a later one"),
    "replaced": lazy("Its process was replaced"),
    "misfit": lazy("Held: its parameters no longer fit its task"),
    "hand_back": lazy("Handed back to plain Celery"),
}


# Where a word has a symbol and a tone of its own.
SIGNS = {
    "start": ("i-play", ""),
    "pause": ("s-paused", "s-paused"),
    "resume": ("i-play", ""),
    "cancel": ("s-cancelled", ""),
    "terminate": ("s-cancelled", ""),
    "fail": ("s-failed", ""),
    "retry": ("i-redo", ""),
    "edit": ("i-edit", ""),
    "replace": ("i-edit", ""),
    "stack": ("i-queue", ""),
    "hand_back": ("i-out", ""),
    "stall": ("i-alert", "t-warn"),
    "late": ("i-alert", "t-warn"),
}


@dataclass(frozen=True)
class Happening:
    at: datetime
    words: str
    detail: str = ""
    symbol: str = "i-note"
    tone: str = ""
    person: Any = None


def story(job: Job, attempts: list[Attempt], events: list[Event]) -> list[Happening]:
    """Every happening with its time, newest first; each told once, by who knows most."""
    found = [*_asked(job), *_tries(job, attempts), *_now(job, attempts, events)]
    found += map(_event, events)
    return sorted(found, key=lambda happening: happening.at, reverse=True)


def _asked(job: Job) -> Iterator[Happening]:
    person = job.owner
    words = _("Asked for by") if person else _("Asked for")
    if job.schedule is None:
        yield Happening(job.created_at, words, symbol="s-queued", person=person)
        return
    fired = _("Fired by the schedule %(name)s")
    if job.backfill_id is not None:
        fired = _("Backfilled for the schedule %(name)s")
    due = _("due at %(moment)s") % {"moment": _moment(job.due_at)} if job.due_at else ""
    yield Happening(job.created_at, fired % {"name": job.schedule.name}, due, symbol="i-clock")


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S %Z}"


def _tries(job: Job, attempts: Iterable[Attempt]) -> Iterator[Happening]:
    for attempt in attempts:
        if attempt.started_at:
            yield _started(attempt.started_at, attempt.number, attempt.worker)
        if job.finished_at and attempt.number == job.attempt:
            continue  # its end was the job's
        words = _("Attempt %(n)s ended badly") % {"n": attempt.number}
        detail = attempt.reason or attempt.error_type
        yield Happening(attempt.finished_at, words, detail, "s-failed", "s-failed")


def _now(job: Job, attempts: Iterable[Attempt], events: Iterable[Event]) -> Iterator[Happening]:
    """The live or last attempt, which has no row of its own while it is well, and the end."""
    if job.started_at and job.attempt not in {attempt.number for attempt in attempts}:
        yield _started(job.started_at, job.attempt, job.worker)
    if job.finished_at:
        symbol = "s-errors" if job.state == State.COMPLETED_WITH_ERRORS else f"s-{job.state}"
        detail = job.reason or (job.error_type if job.state == State.FAILED else "")
        if detail in {event.reason for event in events}:
            detail = ""  # a person said so, and stands beside it
        label = State(job.state).label
        yield Happening(job.finished_at, str(label), detail, symbol, symbol)


def _started(at: datetime, number: int, worker: str) -> Happening:
    words = _("Attempt %(n)s started") % {"n": number}
    return Happening(at, words, worker, "s-running", "s-running")


def _event(event: Event) -> Happening:
    detail = " · ".join(filter(None, [_edited(event), event.reason]))
    words = str(DONE.get(event.verb, event.verb.capitalize()))
    if event.actor:
        words = _("%(done)s by") % {"done": words}
    symbol, tone = SIGNS.get(event.verb, ("i-note", ""))
    return Happening(event.at, words, detail, symbol, tone, event.actor)


def _edited(event: Event) -> str:
    """queue: slow, priority: 8; of parameters only the names of those that differ."""
    if event.verb not in ("edit", "replace"):
        return ""
    before, after = dict(event.before or {}), dict(event.after or {})
    old, new = before.pop("params", None) or {}, after.pop("params", None) or {}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ", ".join([*(f"{name}: {_plain(value)}" for name, value in after.items()), *names])


def _plain(value: Any) -> str:
    text = " ".join(value) if isinstance(value, list) else value
    return str(text or "–")
