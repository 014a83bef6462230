"""What operators do to tasks: switch them on and off, and say which groups may. Each verb
writes its event in the same transaction."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from jobs.models import Event, Role, Task

from .order import Order


def switch(names: Iterable[str], on: bool, order: Order) -> int:
    """Enable or disable tasks; how many were not so already."""
    verb = "enable" if on else "disable"
    with transaction.atomic():
        rows = list(_held(names).exclude(enabled=on))
        for task in rows:
            task.enabled = on
            task.save(update_fields=["enabled"])
            _tell(task, verb, order, {"enabled": not on}, {"enabled": on})
    return len(rows)


def give(names: Iterable[str], role: Role, groups: Iterable[Group], order: Order) -> int:
    """Put groups among those who view, run or manage tasks; how many tasks that changed."""
    return _change_groups(names, role, order, add=set(groups))


def take(names: Iterable[str], role: Role, groups: Iterable[Group], order: Order) -> int:
    """Take groups out again; how many tasks that changed."""
    return _change_groups(names, role, order, remove=set(groups))


def _change_groups(
    names: Iterable[str],
    role: Role,
    order: Order,
    add: set[Group] | frozenset[Group] = frozenset(),
    remove: set[Group] | frozenset[Group] = frozenset(),
) -> int:
    changed = 0
    with transaction.atomic():
        for task in _held(names).prefetch_related(role.value):
            members = getattr(task, role.value)
            before = set(members.all())
            after = (before | add) - remove
            if after != before:
                members.set(after)
                told = ({role.value: _sorted(groups)} for groups in (before, after))
                _tell(task, "edit", order, *told)
                changed += 1
    return changed


def _held(names: Iterable[str]) -> Any:
    return Task.objects.select_for_update().filter(pk__in=list(names)).order_by("pk")


def _sorted(groups: Iterable[Group]) -> list[str]:
    return sorted(group.name for group in groups)


def _tell(
    task: Task, verb: str, order: Order, before: dict[str, Any], after: dict[str, Any]
) -> None:
    facts = {"before": before, "after": after, "reason": order.reason}
    Event.objects.create(task=task, verb=verb, actor_id=getattr(order.by, "pk", None), **facts)
