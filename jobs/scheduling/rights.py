"""What a person may make of a schedule, beyond that they may touch it at all.

A schedule runs as somebody. Who could put their own parameters into one that runs as the
administrator, or as the system, would run things in their name: so only who may choose that
name may change what the schedule does, or else it runs as themselves from then on.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs import permissions, registry
from jobs.models import Schedule
from jobs.params import Invalid

from .facts import refusal

WHAT = frozenset({"task", "params", "args", "queue"})
"""The fields that say what is run; the others say when, and how often."""


def refuse_stranger(entry: PeriodicTask, by: Any) -> None:
    """Raises PermissionDenied for who does not manage the schedule. The system may (None)."""
    if by is None:
        return
    if not permissions.schedules(by, "manage").filter(pk=entry.pk).exists():
        raise PermissionDenied


def refuse_task(task: str, entry: PeriodicTask, by: Any) -> None:
    """Raises Invalid where `by` may not let `entry` run this task."""
    if by is None:
        return
    if task not in permissions.eligible(by):
        raise Invalid({"task": [_("Choose one of the tasks that you may schedule.")]})
    odd = odd_options(entry)
    # A header can name another task, and a route another worker.
    if odd and not by.has_perm("jobs.control_queues"):
        words = _("Only who controls queues may change what it does: others set %(names)s.")
        raise Invalid({"": [words % {"names": ", ".join(sorted(odd))}]})


def odd_options(entry: PeriodicTask) -> dict[str, Any]:
    """Headers and routes, which no door of ours sets."""
    found = {name: getattr(entry, name) for name in ("exchange", "routing_key")}
    if (entry.headers or "{}").strip() != "{}":
        found["headers"] = entry.headers
    return {name: value for name, value in found.items() if value}


def refuse_name(schedule: Schedule, changes: Mapping[str, Any], by: Any) -> None:
    """Raises Invalid where it may not run as whom it is to run."""
    names = {*changes}
    if WHAT & names and "run_as" not in names and not _may_name(schedule.run_as_id, by):
        words = _("It does not run as you: let it run as yourself to change what it does.")
        raise Invalid({"run_as": [words]})
    task = schedule.entry.task
    if {"run_as", "task"} & names and schedule.run_as_id is not None and registry.knows(task):
        why = refusal(schedule.run_as_id, task)
        if why:
            raise Invalid({"run_as": [why]})


def person_named(username: Any, by: Any) -> Any:
    """Whom `by` lets it run as: the active person of this name, the system for None.
    Raises Invalid; who may name nobody else does not learn who there is."""
    if by is not None and username != by.get_username() and not permissions.may_name_others(by):
        raise Invalid({"run_as": [_("You may let it run as yourself only.")]})
    if username in (None, ""):
        return None
    people: Any = get_user_model()._default_manager
    name = get_user_model().USERNAME_FIELD
    usable = isinstance(username, str) and "\0" not in username
    person = people.filter(**{name: username}).first() if usable else None
    if person is None or not person.is_active:
        raise Invalid({"run_as": [_("There is nobody of this name who is active.")]})
    return person


def _may_name(user_id: Any, by: Any) -> bool:
    if by is None or (user_id is not None and user_id == by.pk):
        return True
    return permissions.may_name_others(by)
