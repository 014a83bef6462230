"""What may be said of a schedule, field by field. Each judge writes what it takes into the
rows of the draft, and raises Invalid for the rest."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs import sanitize
from jobs.execution import policy
from jobs.models import CatchUp, Overlap
from jobs.models.schedule import DAY_SECONDS
from jobs.params import Invalid, Parameters, Unreadable

from . import given, rights
from .blackout import Blackout
from .draft import Draft
from .plan import zone_of
from .times import Impossible, times_of
from .told import FIELDS, KINDS, parameters, told
from .when import COLUMNS, is_zone, moment, row_of

YEAR_SECONDS = 366 * DAY_SECONDS
_NUMBERS: Mapping[str, tuple[int, int, bool]] = {
    # From, to, and whether there may be none.
    "catch_up_window_seconds": (0, YEAR_SECONDS, False),
    "grace_seconds": (0, YEAR_SECONDS, False),
    "jitter_seconds": (0, 31 * DAY_SECONDS, False),
    "remaining": (0, 1_000_000_000, True),
    "expires_seconds": (1, YEAR_SECONDS, True),
    "pause_after_failures": (1, 1_000, True),
}
_CHOICES: Mapping[str, type[Overlap] | type[CatchUp]] = {
    "overlap": Overlap,
    "catch_up": CatchUp,
}
_OF_WINDOWS = frozenset({"date", "from", "until", "weekdays"})
_LONGEST_NAME, _LONGEST_NOTE, _MOST_WINDOWS = 200, 10_000, 500


def _known_fields(draft: Draft) -> None:
    if strange := {*draft.changes} - {*FIELDS}:
        raise Invalid({str(name): [_("There is no such field.")] for name in strange})
    if draft.is_new and (missing := {"name", "task"} - {*draft.changes}):
        raise Invalid({name: [_("This field is required.")] for name in missing})


def _name(draft: Draft) -> None:
    for name in draft.named("name").values():
        if not isinstance(name, str) or not name.strip():
            raise Invalid({"name": [_("This field is required.")]})
        if sanitize.text(name) != name or "\n" in name or "\t" in name:
            raise Invalid({"name": [_("A name is one line of plain text.")]})
        if len(name) > _LONGEST_NAME:
            raise Invalid({"name": [_("This is too long.")]})
        refuse_taken(name, draft.entry)
        draft.entry.name = name


def refuse_taken(name: str, entry: PeriodicTask) -> None:
    """Raises Invalid where another schedule has this name."""
    if PeriodicTask.objects.filter(name=name).exclude(pk=entry.pk).exists():
        raise Invalid({"name": [_("Another schedule has this name.")]})


def _when(draft: Draft) -> None:
    wanted = draft.named(*KINDS, "timezone")
    if not wanted and not draft.is_new:
        return
    kind, value = _kind(draft, wanted)
    own = str(timezone.get_default_timezone())
    before = "" if draft.is_new else told(draft.schedule)["timezone"]
    zone = wanted.get("timezone") or before or own
    if not is_zone(zone):
        raise Invalid({"timezone": [_("There is no such time zone.")]})
    if kind != "cron" and wanted.get("timezone") not in (None, "", own):
        raise Invalid({"timezone": [_("Only a cron line has a time zone of its own.")]})
    _refer(draft.entry, kind, row_of(kind, value, zone))
    try:
        times_of(draft.entry, draft.schedule.anchor_at).after(timezone.now())
    except Impossible as reason:
        raise Invalid({kind: [str(reason)]}) from None


def _kind(draft: Draft, wanted: Mapping[str, Any]) -> tuple[str, Any]:
    """How it says when, from now on. Naming another way leaves the one it had."""
    new = [kind for kind in KINDS if wanted.get(kind) not in (None, "")]
    if len(new) > 1:
        raise Invalid({kind: [_("Give one way to say when, not several.")] for kind in new})
    if new:
        return new[0], wanted[new[0]]
    before = {} if draft.is_new else told(draft.schedule)
    for kind in KINDS:
        if before.get(kind) is not None and kind not in wanted:
            return kind, before[kind]
    raise Invalid({"": [_("Say when: by cron, every_seconds, at or solar.")]})


def _refer(entry: PeriodicTask, kind: str, row: Any) -> None:
    was_once = entry.clocked_id is not None
    for each, column in COLUMNS.items():
        setattr(entry, column, row if each == kind else None)
    if kind == "at" or was_once:
        entry.one_off = kind == "at"


def _bounds(draft: Draft) -> None:
    for name, value in draft.named("start_at", "end_at").items():
        try:
            draft.write(name, moment(value) if value else None)
        except Impossible as reason:
            raise Invalid({name: [str(reason)]}) from None
    start, end = draft.entry.start_time, draft.schedule.ends_at
    if draft.named("start_at", "end_at") and start and end and start >= end:
        raise Invalid({"end_at": [_("It must end after it starts.")]})


def _numbers(draft: Draft) -> None:
    for name, value in draft.named(*_NUMBERS).items():
        least, most, is_optional = _NUMBERS[name]
        if value in (None, "") and is_optional:
            draft.write(name, None)
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            bounds = {"least": least, "most": most}
            raise Invalid({name: [_("Give a number from %(least)d to %(most)d.") % bounds]})
        draft.write(name, value)
    if draft.named("expires_seconds") and draft.entry.expire_seconds and draft.entry.expires:
        words = _("It ends by a date that was set elsewhere: it cannot have both.")
        raise Invalid({"expires_seconds": [words]})


def _choices(draft: Draft) -> None:
    for name, value in draft.named(*_CHOICES).items():
        if value not in _CHOICES[name].values:
            expected = {"expected": ", ".join(_CHOICES[name].values)}
            raise Invalid({name: [_("Choose one of: %(expected)s.") % expected]})
        draft.write(name, _CHOICES[name](value))
    for name, value in draft.named("enabled", "expires_with_next").items():
        if not isinstance(value, bool):
            raise Invalid({name: [_("Answer yes or no.")]})
        draft.write(name, value)


def _note(draft: Draft) -> None:
    for note in draft.named("note").values():
        if not isinstance(note or "", str):
            raise Invalid({"note": [_("Enter text.")]})
        if len(note or "") > _LONGEST_NOTE:
            raise Invalid({"note": [_("This is too long.")]})
        draft.write("note", sanitize.text(note or ""))


def _blackout(draft: Draft) -> None:
    windows = draft.named("blackout").get("blackout", draft.schedule.blackout)
    if not draft.named("blackout", *KINDS, "timezone") or windows in (None, []):
        draft.schedule.blackout = windows or []
        return
    try:
        if isinstance(windows, list) and len(windows) > _MOST_WINDOWS:
            raise Impossible(_("Give at most %(most)d.") % {"most": _MOST_WINDOWS})
        Blackout(windows, zone_of(draft.entry))
        _refuse_more(windows)
    except Impossible as reason:
        raise Invalid({"blackout": [str(reason)]}) from None
    draft.schedule.blackout = windows


def _refuse_more(windows: list[Mapping[str, Any]]) -> None:
    """They are kept as they are written: nothing but times, and no letter that a database
    cannot store."""
    for window in windows:
        if {*window} - _OF_WINDOWS or "\\u" in json.dumps(window):
            problem = _("A time when it is not to run cannot be read: %(window)s")
            raise Impossible(problem % {"window": window})


def _task(draft: Draft) -> None:
    """What runs, and where. Who may not have it run hears nothing of its parameters."""
    if not rights.WHAT & {*draft.changes}:
        return
    own_queue = draft.entry.queue or ""
    if "task" not in draft.changes and parameters(draft.entry.task) is None:
        raise Invalid({"task": [_("This task is not registered: its parameters stay.")]})
    task = str(draft.changes.get("task", draft.entry.task))
    rights.refuse_task(task, draft.entry, draft.by)
    if "task" in draft.changes:
        draft.entry.task, own_queue = task, ""
    queue = draft.changes.get("queue", draft.entry.queue) or ""
    if not isinstance(queue, str) or len(queue) > _LONGEST_NAME:
        raise Invalid({"queue": [_("A queue is named with letters, digits and . : @ - _")]})
    policy.refuse_wrong({"queue": queue}, draft.by, own_queue=own_queue)
    draft.entry.queue = queue or None
    if draft.named("task", "params", "args"):
        _params(draft)


def _params(draft: Draft) -> None:
    """What it is given. Secrets that come back as dots are those that were there, but never
    those of another task."""
    entry = draft.entry
    known = parameters(entry.task)
    if known is None:
        raise Invalid({"task": [_("This task is not registered.")]})
    earlier = {} if "task" in draft.changes else _earlier(known, entry)
    args = _given(draft, "args", entry.args, list)
    kwargs = _given(draft, "params", entry.kwargs, dict)
    try:
        kept = given.kept(known, args, given.unveiled(known, kwargs, earlier))
    except Unreadable:
        words = _("A secret cannot be read: SECRET_KEY has changed. Enter it anew.")
        raise Invalid({"params": [words]}) from None
    except Invalid as invalid:
        wrong = invalid.fields.items()
        raise Invalid({f"params.{name}".rstrip("."): told for name, told in wrong}) from None
    entry.args, entry.kwargs = given.written(args), given.written(kept)


def _earlier(known: Parameters, entry: PeriodicTask) -> dict[str, Any]:
    """What it was given, by name: a secret may have stood at its position."""
    args, kwargs = _stored(entry.args, list), _stored(entry.kwargs, dict)
    try:
        return given.named(known, args, kwargs)
    except Invalid:
        return dict(kwargs)


def _given(draft: Draft, name: str, stored: str, kind: type) -> Any:
    """As Celery's typed JSON, from plain values; without a change, what is stored."""
    if name not in draft.changes:
        # Of another task: nothing of what the one before was given is for this one.
        return kind() if "task" in draft.changes else _stored(stored, kind)
    value = draft.changes[name]
    try:
        return given.read(json.dumps(kind() if value is None else value), kind)
    except (ValueError, TypeError, RecursionError) as reason:
        raise Invalid({name: [str(reason)]}) from None


def _stored(text: str, kind: type) -> Any:
    try:
        return given.read(text or repr(kind()), kind)
    except ValueError:
        return kind()


def _priority(draft: Draft) -> None:
    for priority in draft.named("priority").values():
        if isinstance(priority, bool) or not isinstance(priority, int | None):
            raise Invalid({"priority": [_("Enter a whole number.")]})
        policy.refuse_wrong({"priority": priority}, draft.by)
        draft.write("priority", priority)


def _run_as(draft: Draft) -> None:
    for username in draft.named("run_as").values():
        draft.schedule.run_as = rights.person_named(username, draft.by)
    rights.refuse_name(draft.schedule, draft.changes, draft.by)


JUDGES: tuple[Callable[[Draft], None], ...] = (
    _known_fields, _name, _when, _bounds, _numbers, _choices, _note, _blackout, _task,
    _priority, _run_as,
)  # fmt: skip
TIMES = (_when, _bounds, _numbers, _choices, _blackout)
"""Those of when it comes, and what becomes of a moment."""
