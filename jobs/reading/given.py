"""What a schedule gives its task, as people may see it."""

from typing import Any

from django_celery_beat.models import PeriodicTask

from jobs.params import MASK
from jobs.params.shown import without_seals
from jobs.scheduling.given import read
from jobs.scheduling.told import parameters


def given_to(entry: PeriodicTask) -> Any:
    """By name, secrets masked; all of it for a task that is not known here, of which nobody
    can say what is secret; words where nobody can read it."""
    known = parameters(entry.task)
    try:
        args, kwargs = read(entry.args or "[]", list), read(entry.kwargs or "{}", dict)
    except ValueError as reason:
        return str(reason)
    if known is None:
        return MASK if args or kwargs else {}
    return known.bind(args, without_seals(kwargs))
