"""A verb on many jobs: what it would meet is told before, then it is done in batches.

The verbs are those of `control`; here stands which jobs each of them can act on, who may,
and how much is done at once.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from jobs import permissions, registry
from jobs.models import Job, JobQuerySet
from jobs.params import Invalid
from jobs.states import ACTIVE, FINAL, LIVE, WAITING, Requested, State, WaitingFor

from . import control
from .control import Order

MOST = 10_000
"""Jobs that one action may touch."""
JUDGED = 200
"""Jobs whose parameters are tried before they are run again."""
PATIENCE = 20.0
"""Seconds after which no further batch is begun: whoever waits for a page waits no longer."""
_BATCH = 200

AGAIN = ("retry", "continue")
_STILL = Q(waiting_for__in=[WaitingFor.START, WaitingFor.UPSTREAM])
# Once only: a form that is sent twice must not double the work.
_FINAL = Q(~Exists(Job.objects.filter(retry_of=OuterRef("pk"))), state__in=sorted(FINAL))

ABLE: Mapping[str, Q] = {
    "start": Q(state=State.PENDING, waiting_for=WaitingFor.START),
    "pause": Q(state__in=sorted(LIVE - {State.PAUSED}), requested="") & ~_STILL,
    "resume": Q(state=State.PAUSED) | Q(requested=Requested.PAUSE),
    # Asked twice it would end them at once, which is a verb of its own.
    "cancel": Q(state__in=sorted(LIVE)) & ~Q(requested=Requested.CANCEL),
    "terminate": Q(state__in=sorted(ACTIVE)) & ~Q(requested=""),
    "fail": Q(state__in=sorted(WAITING)),
    "stack": Q(state__in=sorted(ACTIVE)),
    "edit": Q(state__in=sorted(WAITING)),
    "retry": _FINAL,
    "continue": _FINAL & Q(checkpoint__isnull=False),
}


def allowed(user: permissions.Person, verb: str) -> JobQuerySet:
    """The jobs on which `user` may do `verb`: what runs again needs that they may run it."""
    jobs = permissions.jobs(user, "control")
    if verb not in AGAIN:
        return jobs
    return jobs.filter(task__in=permissions.tasks(user, "run").values("pk"))


@dataclass(frozen=True)
class Unfit:
    """Why jobs cannot be run again as they are."""

    words: str
    count: int
    example: str


@dataclass(frozen=True)
class Look:
    """What `verb` would meet among `chosen`, counted up to `MOST` (and one more)."""

    verb: str
    chosen: JobQuerySet

    @cached_property
    def found(self) -> Counter[str]:
        """How many there are in each state."""
        return _counted(self.chosen)

    @cached_property
    def able(self) -> Counter[str]:
        """How many of them the verb can act on, by state."""
        return _counted(self.chosen.filter(ABLE[self.verb]))

    @property
    def states(self) -> list[tuple[State, int, int]]:
        """Each state that occurs: how many, and how many of those it can act on."""
        return [(s, self.found[s], self.able[s]) for s in State if self.found[s]]

    @property
    def is_more(self) -> bool:
        return self.able.total() > MOST

    @property
    def count(self) -> int:
        """How many it would act on."""
        return min(self.able.total(), MOST)

    @cached_property
    def run_again_before(self) -> int:
        """How many are left out because they were run again already."""
        if self.verb not in AGAIN:
            return 0
        return _counted(self.chosen.final()).total() - self.able.total()

    @cached_property
    def unfit(self) -> list[Unfit]:
        """What keeps the newest `JUDGED` of them from running again, most frequent first."""
        if self.verb not in AGAIN:
            return []
        able = self.chosen.filter(ABLE[self.verb])
        return _judged(able.only("id", "task", "params", "arguments")[:JUDGED])


def able(verb: str, chosen: JobQuerySet) -> list[str]:
    """The ids of the newest `MOST` that the verb can act on."""
    return list(chosen.filter(ABLE[verb]).values_list("pk", flat=True)[:MOST])


@dataclass
class Outcome:
    """What became of a verb on many jobs."""

    done: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """How many could not be run again, by the reason."""
    left: int = 0
    """How many were not tried, for want of time."""


def act(verb: str, ids: Sequence[str], order: Order, **change: Any) -> Outcome:
    """Carry `verb` out on these jobs, a batch in each transaction. `change` is what
    `control.edit` takes."""
    outcome = Outcome()
    deadline = time.monotonic() + PATIENCE
    for start in range(0, len(ids), _BATCH):
        if time.monotonic() > deadline:
            outcome.left = len(ids) - start
            break
        batch = Job.objects.filter(pk__in=ids[start : start + _BATCH])
        with transaction.atomic():
            if verb in AGAIN:
                _again(batch, order, outcome, from_checkpoint=verb == "continue")
            else:
                outcome.done += getattr(control, verb)(batch, order, **change)
    return outcome


def _again(
    batch: JobQuerySet, order: Order, outcome: Outcome, *, from_checkpoint: bool
) -> None:
    for job in batch.filter(_FINAL).order_by("created_at", "pk"):
        try:
            control.retry(job, order, from_checkpoint=from_checkpoint)
        except (Invalid, registry.UnknownTask) as reason:
            outcome.refused[words(reason)] += 1
        else:
            outcome.done += 1


def words(reason: Exception) -> str:
    """Why a job cannot be run (again), for people."""
    if not isinstance(reason, Invalid):
        return _("Nothing here knows its task.")
    return "; ".join(
        f"{name}: {' '.join(told)}" if name else " ".join(told)
        for name, told in reason.fields.items()
    )


def _judged(jobs: JobQuerySet) -> list[Unfit]:
    found: Counter[str] = Counter()
    example: dict[str, str] = {}
    for job in jobs.iterator(chunk_size=20):  # parameters may have a megabyte
        try:
            control.judge(job)
        except (Invalid, registry.UnknownTask) as reason:
            found[words(reason)] += 1
            example.setdefault(words(reason), job.pk)
    return [Unfit(why, count, example[why]) for why, count in found.most_common()]


def _counted(jobs: JobQuerySet) -> Counter[str]:
    return Counter(jobs.values_list("state", flat=True)[: MOST + 1])
