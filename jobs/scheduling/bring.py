"""Make the schedules what a text says they are, through the verbs that all doors use: all of
it or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.execution.order import Order
from jobs.models import Schedule
from jobs.params import MASK, Invalid

from .edit import create, delete, edit
from .told import told
from .written import values_of

Kind = Literal["create", "edit", "unchanged", "remove", "keep"]


@dataclass
class Step:
    """What becomes of one schedule, or what is wrong with what is said of it."""

    name: str
    kind: Kind = "unchanged"
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """What is different now, by field: before and after."""
    problems: dict[str, list[str]] = field(default_factory=dict)


def bring(text: str, order: Order, *, prune: bool = False, store: bool = True) -> list[Step]:
    """Nothing is stored where one step has a problem, nor without `store`. With `prune`,
    those that are not in the text are removed, but for those of the code. Raises
    written.Unreadable."""
    wanted = values_of(text)
    with transaction.atomic():
        steps = [_bring(values, order) for values in wanted.values()]
        steps += [_leave(each, order, prune) for each in _others({*wanted}, order)]
        if not store or any(step.problems for step in steps):
            transaction.set_rollback(True)
    return steps


def _bring(values: dict[str, Any], order: Order) -> Step:
    step = Step(str(values["name"]))
    rows = Schedule.objects.with_entry().filter(entry__name=values["name"])
    if order.by is not None:
        rows = rows.filter(entry__in=permissions.schedules(order.by))
    with _told_of(step):
        held = rows.first()
        if held is None:
            _refuse_dots(values)
            create(values, order)
            step.kind = "create"
        elif edit(held.pk, values, order):
            step.kind, step.changes = "edit", _changes(held, rows.get())
    return step


def _leave(schedule: Schedule, order: Order, prune: bool) -> Step:
    step = Step(schedule.entry.name, "remove" if prune else "keep")
    with _told_of(step):
        if prune:
            delete(schedule.pk, order)
    return step


def _others(names: set[str], order: Order) -> Iterator[Schedule]:
    """Those that the text does not name, and that no code declares."""
    rows = Schedule.objects.select_related("entry").filter(key="")
    if order.by is not None:
        rows = rows.filter(entry__in=permissions.schedules(order.by, "manage"))
    yield from rows.exclude(entry__name__in=names).order_by("entry__name")


@contextmanager
def _told_of(step: Step) -> Iterator[None]:
    """What is refused inside is a problem of the step."""
    try:
        yield
    except Invalid as wrong:
        step.problems = {name: list(told) for name, told in wrong.fields.items()}
    except PermissionDenied:
        step.problems = {"": [_("You see this, but may not do that.")]}


def _refuse_dots(values: dict[str, Any]) -> None:
    """A secret was left out, and there is no schedule that has it."""
    secret = [name for name, value in values["params"].items() if value == MASK]
    if secret:
        words = _("This secret was left out: write it here for a schedule that is new.")
        raise Invalid({f"params.{name}": [words] for name in secret})


def _changes(before: Schedule, after: Schedule) -> dict[str, tuple[Any, Any]]:
    old, new = told(before), told(after)
    return {name: (old[name], new[name]) for name in old if old[name] != new[name]}
