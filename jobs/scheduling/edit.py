"""Make, change and delete a schedule: the one home of these verbs. Pages, admin, API and
files say what they want in the words of `told`; the rules are those of `judges`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from jobs import permissions
from jobs.execution.order import Order
from jobs.models import Schedule
from jobs.params import Invalid

from .draft import Draft
from .entries import tell
from .judges import JUDGES, TIMES, refuse_taken
from .plan import Plan
from .rights import refuse_stranger
from .rows import UNREADABLE, bare, words_of
from .times import Impossible
from .told import ENTRY, KINDS, POLICY, fingerprint, told
from .when import COLUMNS, stored

__all__ = ["OUTDATED", "Outdated", "create", "delete", "drawn", "edit", "fingerprint", "told"]

OUTDATED = gettext_lazy(
    "Somebody changed this schedule while you looked at it. Nothing was saved: "
    "load it again to see what they did."
)
_CHECKED = {*KINDS, "timezone", "blackout", "task", "params", "args"}
_TIMES = tuple(COLUMNS.values())
_ENTRY = (
    *ENTRY.values(), *(f"{name}_id" for name in _TIMES), "args", "kwargs", "queue", "one_off",
)  # fmt: skip
_POLICY = (*POLICY.values(), "run_as_id")


class Outdated(Exception):
    """Somebody else changed the schedule since it was looked at."""


def drawn(values: Mapping[str, Any], *, by: Any, entry: PeriodicTask | None = None) -> Schedule:
    """The rows that `values` would make of `entry`, or of a new one: the schedule, its
    entry, and what says when. Nothing is stored, and `entry` itself stays as it is.

    Of an entry only what differs is judged: what was good enough before may stay. A new
    one runs as `by`, unless `values` say otherwise. Raises Invalid, by field.
    """
    draft = Draft.of(values, by, entry)
    problems = _problems(draft, JUDGES)
    if not problems and _CHECKED & {*draft.changes}:
        try:
            Plan(draft.schedule).check()
        except Impossible as reason:
            problems[""] = [str(reason)]
    if problems:
        raise Invalid(problems)
    return draft.schedule


def sketched(
    values: Mapping[str, Any], task: str, *, by: Any, entry: PeriodicTask | None = None
) -> Schedule:
    """When it would come, for who is still writing it: neither its name nor what its task
    is given is looked at. Never to be stored. Raises Invalid, by field."""
    draft = Draft.of(values, by, entry)
    draft.entry.task = task
    if problems := _problems(draft, TIMES):
        raise Invalid(problems)
    return draft.schedule


def _problems(draft: Draft, judges: Iterable[Callable[[Draft], None]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for judge in judges:
        try:
            judge(draft)
        except Invalid as invalid:
            found.update(invalid.fields)
    return found


def create(values: Mapping[str, Any], order: Order) -> Schedule:
    """Raises Invalid, and PermissionDenied for who may make none at all."""
    if order.by is not None and not permissions.may_schedule(order.by):
        raise PermissionDenied
    with transaction.atomic():
        schedule = drawn(values, by=order.by)
        entry = schedule.entry
        _keep_times(entry)
        with _name_is_free(entry):
            entry.save()
        columns = {name: getattr(schedule, name) for name in _POLICY}
        Schedule.objects.filter(pk=entry.pk).update(**columns)
        made = Schedule.objects.with_entry().get(pk=entry.pk)
        tell(made.entry, "create", by=order.by, after=told(made), reason=order.reason)
    return made


def edit(schedule_id: int, values: Mapping[str, Any], order: Order, *, seen: str = "") -> bool:
    """Change the named fields; whether anything is different now. Name only what a person
    changed: beat counts `remaining` down meanwhile.

    `seen` is the `fingerprint` of what the person looked at. Raises Invalid, Outdated when
    it is no longer so, PermissionDenied, and Schedule.DoesNotExist.
    """
    with transaction.atomic():
        held = _readable(schedule_id, order)
        if seen and seen != fingerprint(held):
            raise Outdated
        wanted = drawn(values, by=order.by, entry=held.entry)
        before = told(held)
        if not _write(held, wanted):
            return False
        after = told(wanted)
        # A secret that was replaced looks as it did.
        names = [name for name in after if before[name] != after[name]] or ["params"]
        _note(wanted, order, {n: before[n] for n in names}, {n: after[n] for n in names})
    return True


def delete(schedule_id: int, order: Order) -> None:
    """Raises PermissionDenied, Schedule.DoesNotExist, and Invalid for one that the code
    declares: it would be back with the next start."""
    with transaction.atomic():
        held, before = _last_seen(schedule_id, order)
        if held.key:
            raise Invalid({"": [_("The code declares it: disable it instead.")]})
        tell(held.entry, "delete", by=order.by, before=before, reason=order.reason)
        held.entry.delete()


def _held(schedule_id: int, order: Order) -> Schedule:
    """The rows, locked for this transaction: ours first, as beat does."""
    rows = Schedule.objects.select_related("entry").select_for_update(of=("self", "entry"))
    held = rows.get(pk=schedule_id)  # what says when may be unreadable: that can be mended
    refuse_stranger(held.entry, order.by)
    return held


def _readable(schedule_id: int, order: Order) -> Schedule:
    try:
        return _held(schedule_id, order)
    except UNREADABLE as reason:
        raise Invalid({"": [_("It cannot be read: %s") % words_of(reason)]}) from None


def _last_seen(schedule_id: int, order: Order) -> tuple[Schedule, dict[str, Any] | None]:
    """And what it said; None of one that nobody can read, which can be deleted all the same."""
    try:
        held = _held(schedule_id, order)
        return held, told(held)
    except UNREADABLE:
        held = bare(schedule_id)
        refuse_stranger(held.entry, order.by)
        return held, None


def _write(held: Schedule, wanted: Schedule) -> bool:
    """The columns that differ, and no others: beat writes some of them meanwhile."""
    _keep_times(wanted.entry)
    policy = _differing(held, wanted, _POLICY)
    columns = _differing(held.entry, wanted.entry, _ENTRY)
    if not policy and not columns:
        return False
    Schedule.objects.filter(pk=held.pk).update(**policy)
    if columns.get("enabled") is False:
        columns["last_run_at"] = None  # see `entries.switch`
    rows = PeriodicTask.objects.filter(pk=held.pk)
    with _name_is_free(wanted.entry):
        rows.update(**columns, date_changed=timezone.now())
    PeriodicTasks.update_changed()
    return True


def _differing(old: Any, new: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: getattr(new, name) for name in names if getattr(old, name) != getattr(new, name)
    }


def _keep_times(entry: PeriodicTask) -> None:
    for name in _TIMES:
        if PeriodicTask._meta.get_field(name).is_cached(entry):
            setattr(entry, name, stored(getattr(entry, name)))


@contextmanager
def _name_is_free(entry: PeriodicTask) -> Iterator[None]:
    """Two who take one name at the same moment: the second one is told so."""
    try:
        with transaction.atomic():
            yield
    except (IntegrityError, ValidationError):
        refuse_taken(entry.name, entry)
        raise


def _note(
    schedule: Schedule, order: Order, before: dict[str, Any], after: dict[str, Any]
) -> None:
    verbs = {True: "enable", False: "disable"}
    verb = verbs[after["enabled"]] if {*after} == {"enabled"} else "edit"
    facts = {"before": before, "after": after, "reason": order.reason}
    tell(schedule.entry, verb, by=order.by, **facts)
