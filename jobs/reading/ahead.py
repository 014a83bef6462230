"""What a person is told of the moments of a schedule that are to come."""

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from jobs import permissions
from jobs.models import Schedule
from jobs.scheduling import preview as scheduling
from jobs.scheduling.preview import Preview

from . import clashes

USUAL = 10


def preview(
    user: permissions.Person, row: Schedule, count: int = USUAL, now: datetime | None = None
) -> Preview:
    """Of a schedule that is stored or is only being written: its next moments, with what
    of it clashes with schedules that `user` may see."""
    told = scheduling.preview(row, now or timezone.now(), count)
    return replace(told, ahead=clashes.marked(user, row, told.ahead))
