"""What a schedule is set to, in words: each with its label, what is not set left out."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from jobs.models import CatchUp, Schedule
from jobs.reading.spans import duration
from jobs.scheduling.times import CRON_FIELDS


def settings_of(schedule: Schedule) -> list[tuple[str, str]]:
    """The rules of one that can be read."""
    told = [*_when(schedule), *_rules(schedule), *_bounds(schedule), *_routes(schedule)]
    return [(label, value) for label, value in told if value]


def _when(schedule: Schedule) -> Iterator[tuple[str, str]]:
    entry = schedule.entry
    if (line := entry.crontab) is not None:
        yield "cron", " ".join(getattr(line, name) for name in CRON_FIELDS)
        yield _("Clock of"), str(line.timezone)
    if (once := entry.clocked) is not None:
        yield _("Once"), _moment(once.clocked_time)


def _rules(schedule: Schedule) -> Iterator[tuple[str, str]]:
    yield _("While one still runs"), str(schedule.get_overlap_display())
    window = timedelta(seconds=schedule.catch_up_window_seconds)
    caught_up = str(schedule.get_catch_up_display())
    if schedule.catch_up != CatchUp.NONE:
        words = _("%(which)s, no older than %(time)s")
        caught_up = words % {"which": caught_up, "time": duration(window)}
    yield _("Catches up"), caught_up
    grace = duration(timedelta(seconds=schedule.grace_seconds))
    yield _("Missed after"), grace
    jitter = duration(timedelta(seconds=schedule.jitter_seconds))
    yield _("Jitter"), _("up to %(time)s") % {"time": jitter} if schedule.jitter_seconds else ""
    yield _("Not then"), "; ".join(_blackout(part) for part in schedule.blackout or ())
    if most := schedule.pause_after_failures:
        yield _("Pauses after"), _("%(n)d failures in a row") % {"n": most}


def _bounds(schedule: Schedule) -> Iterator[tuple[str, str]]:
    entry = schedule.entry
    ends = filter(None, (entry.expires, schedule.ends_at))
    yield _("From"), _moment(entry.start_time)
    yield _("Until"), _moment(min(ends, default=None))
    left = schedule.remaining
    yield _("Fires left"), "" if left is None else str(left)
    if schedule.expires_with_next:
        yield _("Expires"), _("when the next one comes")
    elif entry.expire_seconds:
        expires = duration(timedelta(seconds=entry.expire_seconds))
        yield _("Expires"), _("%(time)s after it was due") % {"time": expires}


def _routes(schedule: Schedule) -> Iterator[tuple[str, str]]:
    entry = schedule.entry
    yield _("Queue"), entry.queue or _("as its task says")
    yield _("Priority"), "" if entry.priority is None else str(entry.priority)
    odd = [name for name in ("exchange", "routing_key") if getattr(entry, name)]
    odd += ["headers"] if (entry.headers or "{}").strip() != "{}" else []
    yield _("Set elsewhere"), ", ".join(odd)


def _blackout(part: Any) -> str:
    if not isinstance(part, dict):
        return str(part)
    if "date" in part:
        return str(part["date"])
    words = f"{part.get('from', '')} – {part.get('until', '')}"
    days = ", ".join(map(str, part.get("weekdays", ())))
    return f"{words} ({days})" if days else words


def _moment(at: Any) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M %Z}" if at else ""
