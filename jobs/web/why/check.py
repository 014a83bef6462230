"""What must be so before a job runs, one thing at a time, and whose word it was."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.models import Attempt, Event, Job, Leader, Task


@dataclass(frozen=True)
class Link:
    words: str
    address: str
    at: datetime | None = None


@dataclass(frozen=True)
class Check:
    """`passes` is None for what only takes its time. `because` is the sentence over all
    when this is what stops it first, `verb` the one that would change it."""

    words: str
    detail: str
    passes: bool | None
    symbol: str
    at: datetime | None = None
    because: str = ""
    verb: str = ""
    links: tuple[Link, ...] = ()
    # The queue that would have to be opened, for who may do that.
    queue: str = ""

    @property
    def rank(self) -> int:
        """What stops it, what takes its time, what is well."""
        return {False: 0, None: 1, True: 2}[self.passes]


@dataclass
class Case:
    """A waiting job before the person who asks why; its own events, the newest first, and
    its attempts that ended badly, the newest first."""

    user: permissions.Person
    job: Job
    events: list[Event]
    attempts: list[Attempt]

    @cached_property
    def task(self) -> Task | None:
        """Whoever may see the job may know in which condition its task is."""
        return Task.objects.filter(pk=self.job.task_id).first()

    @cached_property
    def relay(self) -> Leader | None:
        return Leader.objects.filter(pk=Leader.RELAY).first()

    @cached_property
    def has_relay(self) -> bool:
        return Leader.is_held(Leader.RELAY)

    @property
    def is_early(self) -> bool:
        return self.job.not_before is not None and self.job.not_before > timezone.now()

    def last(self, *verbs: str) -> Event | None:
        """The newest event of these verbs."""
        return next((event for event in self.events if event.verb in verbs), None)


def told(event: Event | None) -> str:
    """by Olga Quist: “the disk is full”; "" when nothing is known of it."""
    if event is None:
        return ""
    said = _("“%(reason)s”") % {"reason": event.reason} if event.reason else ""
    whose = _("by %(name)s") % {"name": called(event.actor)} if event.actor else ""
    return ": ".join(filter(None, [whose, said]))


def called(user: Any) -> str:
    """How a person is called."""
    full = user.get_full_name() if hasattr(user, "get_full_name") else ""
    return str(full or user.get_username())


def joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))
