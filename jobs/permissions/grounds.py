"""Why somebody may: the rules that let a person do a verb, for who asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from jobs.models import Grant, Job, Task

from .roles import ROLES, WIDE, Person, Verb


@dataclass(frozen=True)
class Ground:
    """One reason why somebody may."""

    kind: Literal["superuser", "permission", "owner", "group"]
    name: str = ""
    """Of the permission, or of the group."""
    role: str = ""
    """What the group is to the task, in the words of its reader."""
    grant: Grant | None = None
    """By which the group has that role; None when the task itself names the group."""


def grounds(user: Person, verb: Verb, row: Task | Job) -> list[Ground]:
    """Why `user` may do `verb` to this; an empty list when they may not. To run or manage
    a job is to run or manage its task."""
    if not user.is_active:
        return []
    found = [Ground("superuser")] if user.is_superuser else []
    wide = WIDE.get(verb)
    if wide and not user.is_superuser and user.has_perm(wide):
        found.append(Ground("permission", wide))
    if isinstance(row, Task):
        return [*found, *_by_group(user, verb, row.pk)]
    if verb in ("view", "control") and row.owner_id is not None and row.owner_id == user.pk:
        found.append(Ground("owner"))
    return [*found, *_by_group(user, verb, row.task_id)]


def _by_group(user: Person, verb: Verb, name: str) -> Iterator[Ground]:
    groups, roles = user.groups.all(), ROLES[verb]
    for role in roles:
        members = getattr(Task, role).through.objects.filter(task=name, group__in=groups)
        for member in members.select_related("group"):
            yield Ground("group", member.group.name, str(role.label))
    grants = Grant.objects.filter(tasks=name, group__in=groups, role__in=roles)
    for grant in grants.select_related("group"):
        yield Ground("group", grant.group.name, grant.get_role_display(), grant)
