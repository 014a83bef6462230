"""When workers came and went: each beginning, end and loss is an Event of its worker."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from jobs.conf import as_the_site_speaks
from jobs.models import Event, Worker

BEGAN, ENDED, LOST = "worker_began", "worker_ended", "worker_lost"
_SHOWN = ("host", "pid", "version", "code")


def begin(name: str, facts: dict[str, Any]) -> None:
    """It is there from now on. One of the same name that never said farewell is lost."""
    with transaction.atomic():
        _lose_earlier(name)
        Worker.tell(name, facts, begins=True)
        after = {key: facts[key] for key in _SHOWN if key in facts}
        Event.objects.create(verb=BEGAN, subject=name, after=after)


def _lose_earlier(name: str) -> None:
    earlier = Worker.objects.filter(name=name, left_at=None, lost_at=None).first()
    if earlier is not None:
        with as_the_site_speaks():
            reason = _("It began anew without having ended.")
        _note_lost(name, earlier.heard_at, reason)


def end(name: str) -> None:
    """It said farewell."""
    with transaction.atomic():
        Worker.leave(name)
        Event.objects.create(verb=ENDED, subject=name)


def note_lost() -> int:
    """Tell of those that fell silent; how many. The relay looks at each round."""
    with transaction.atomic():
        names = Worker.objects.lose_silent()
        for worker in Worker.objects.filter(name__in=names):
            with as_the_site_speaks():
                reason = _("It was not heard of any more.")
            _note_lost(worker.name, worker.heard_at, reason)
    for name in names:
        Worker.changed(name)
    return len(names)


def _note_lost(name: str, heard_at: Any, reason: str) -> None:
    after = {"heard_at": heard_at.isoformat()}
    Event.objects.create(verb=LOST, subject=name, after=after, reason=reason)
