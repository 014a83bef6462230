"""The pages of workers: all of them at first sight, and one with all that it tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.checks import CheckMessage
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from jobs import permissions
from jobs.conf import configuration
from jobs.models import JobQuerySet, Worker, WorkerQuerySet
from jobs.reading import workers as reading
from jobs.reading.pending import Pending, pending
from jobs.workers.readings import READINGS, Reading
from jobs.workers.verbs import VERBS, Verb

from . import broker
from .page import page, person, show
from .worker_story import Told, story

MOST_BARS = 32
"""So many slots are drawn one by one."""
# How a state looks: its word, the class and the symbol.
_LOOKS: Mapping[str, tuple[Any, str, str]] = {
    reading.ALIVE: (lazy("Alive"), "s-completed", "s-completed"),
    reading.OLD: (lazy("Older code"), "s-errors", "i-alert"),
    reading.LEAVING: (lazy("Leaving"), "s-retrying", "i-arrow"),
    reading.CUT: (lazy("No broker"), "s-errors", "i-bolt"),
    reading.DEAF: (lazy("Deaf"), "s-errors", "i-deaf"),
    reading.LOST: (lazy("Lost"), "s-failed", "s-failed"),
    reading.ENDED: (lazy("Ended"), "s-cancelled", "s-cancelled"),
}


@dataclass(frozen=True)
class Shown:
    """One worker as a page draws it."""

    row: reading.Row

    @property
    def worker(self) -> Worker:
        return self.row.worker

    @property
    def word(self) -> Any:
        return _LOOKS[self.row.state][0]

    @property
    def tone(self) -> str:
        return _LOOKS[self.row.state][1]

    @property
    def symbol(self) -> str:
        return _LOOKS[self.row.state][2]

    @property
    def bars(self) -> list[str]:
        """A class for each slot; none where there are too many to be drawn."""
        slots = self.worker.slots
        if slots > MOST_BARS or self.row.is_gone:
            return []
        left = "drain" if self.row.state == reading.LEAVING else ""
        return ["on"] * self.row.busy + [left] * (slots - self.row.busy)

    @property
    def since(self) -> Any:
        return self.row.gone_at or self.worker.started_at

    @property
    def behind(self) -> tuple[str, ...]:
        """Some of the tasks whose jobs go to other workers."""
        return self.row.lag.tasks[: reading.MOST_NAMED] if self.row.lag else ()

    @property
    def behind_more(self) -> int:
        return len(self.row.lag.tasks) - len(self.behind) if self.row.lag else 0

    @property
    def ends_by_itself(self) -> bool:
        return configuration().deaf_workers == "restart"


class Floor:
    """All that the page of workers tells; each part is read when a template asks for it."""

    def __init__(self, user: permissions.Person, *, is_all: bool) -> None:
        self.user = user
        self.is_all = is_all

    @property
    def _all(self) -> WorkerQuerySet:
        return permissions.workers(self.user)

    @cached_property
    def fleet(self) -> reading.Fleet:
        chosen = self._all if self.is_all else reading.recent(self._all)
        return reading.Fleet(reading.rows(self.user, chosen))

    @cached_property
    def shown(self) -> list[Shown]:
        return [Shown(row) for row in self.fleet.rows]

    @cached_property
    def earlier(self) -> int:
        """How many went so long ago that they are not listed."""
        return 0 if self.is_all else self._all.count() - len(self.fleet.rows)

    @property
    def alive(self) -> int:
        return len(self.fleet.taking)

    @property
    def words(self) -> str:
        """What is not alive, in as few words as can be."""
        told = (
            (reading.DEAF, _("%(n)d deaf")),
            (reading.CUT, _("%(n)d without the broker")),
            (reading.OLD, _("%(n)d with older code")),
            (reading.LEAVING, _("%(n)d leaving")),
            (reading.LOST, _("%(n)d lost")),
        )
        counts = ((words, self.fleet.count(state)) for state, words in told)
        return ", ".join(words % {"n": n} for words, n in counts if n)

    @property
    def is_ill(self) -> bool:
        return self.fleet.count(reading.DEAF, reading.CUT, reading.LOST) > 0

    @cached_property
    def faults(self) -> tuple[CheckMessage, ...]:
        """How the broker may lose messages, or let strangers in."""
        return broker.faults()

    @property
    def verbs(self) -> list[Verb]:
        """What a row offers; the page of a worker has them all."""
        return [VERBS[name] for name in ("grow", "shrink", "restart", "shutdown")]

    # What waits for them.

    @cached_property
    def pending(self) -> list[Pending]:
        return pending(self._jobs)

    @property
    def waiting(self) -> int:
        return sum(each.count for each in self.pending)

    @property
    def stuck(self) -> int:
        return sum(each.count for each in self.pending if each.is_stuck)

    @property
    def _jobs(self) -> JobQuerySet:
        return permissions.jobs(self.user)


class About:
    """All that the page of one worker tells."""

    def __init__(self, user: permissions.Person, name: str) -> None:
        self.user = user
        self.name = name
        row = reading.one(user, name)
        if row is None:
            raise Http404
        self.shown = Shown(row)

    @property
    def verbs(self) -> list[Verb]:
        return [verb for verb in VERBS.values() if verb.name not in ("grow", "shutdown")]

    @property
    def readings(self) -> list[Reading]:
        may_all = self.user.is_superuser
        return [each for each in READINGS.values() if may_all or not each.is_for_superusers]

    @cached_property
    def story(self) -> list[Told]:
        return story(reading.story(self.user, self.name))

    @property
    def children(self) -> list[int]:
        """What each process of its pool holds, in MB."""
        return [int(each) for each in self.shown.worker.memory[1:]]


@page()
def workers(request: HttpRequest) -> HttpResponse:
    """All that are there or went lately; with `?part=` the parts alone."""
    user = person(request)
    if not permissions.may_control_workers(user):
        raise Http404
    floor = Floor(user, is_all="all" in request.GET)
    template = "jobs/workers/parts.html" if "part" in request.GET else "jobs/workers.html"
    return show(request, template, {"section": "workers", "floor": floor})


@page()
def worker(request: HttpRequest, name: str) -> HttpResponse:
    """One of them, here or gone; with `?part=` the parts alone."""
    about = About(person(request), name)
    template = "jobs/worker/parts.html" if "part" in request.GET else "jobs/worker.html"
    context = {"section": "workers", "about": about, "worker": about.shown.worker}
    return show(request, template, context)
