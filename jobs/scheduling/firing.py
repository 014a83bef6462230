"""The moments that have come: each becomes one row, and the cursor moves, in one
transaction. A beat that dies before has done nothing, after it all; who comes second, or
after an edit, finds another cursor and does nothing."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from jobs import registry
from jobs.dispatch import unique
from jobs.dispatch.enqueue import insert_many
from jobs.models import Event, Job, Schedule
from jobs.params import Invalid, Unreadable

from . import aftermath
from .decide import Decision, Deed, Facts, Turn, decide
from .entries import event
from .facts import gather
from .fire import ended, row_of
from .plan import Plan
from .replan import BATCH, QUARANTINE
from .rows import AWAY, read_rows, words_of

logger = logging.getLogger(__name__)


class Fire:
    """What a schedule becomes at its moment: its rows, its next moment, what is told."""

    def __init__(self, row: Schedule, facts: Facts) -> None:
        self.row = row
        self.facts = facts
        self.seen = row.mark
        self.decision = Decision()
        self.jobs: list[Job] = []
        self.events: list[Event] = []

    def prepare(self) -> "Fire":
        """One row that nobody foresaw must not keep the others waiting. Raises `AWAY` only."""
        try:
            self._decide()
        except AWAY:
            raise
        except Exception as reason:
            logger.exception("The schedule %s cannot be fired.", self.row.entry.name)
            self.quarantine(_("It cannot be fired: %s") % words_of(reason))
        return self

    def quarantine(self, flaw: str) -> None:
        self.decision, self.jobs = Decision(), []
        self._set_aside(flaw)

    def _set_aside(self, flaw: str) -> None:
        self.row.quarantine(flaw)
        self.events = [event(self.row.entry, QUARANTINE, reason=flaw)]

    def _decide(self) -> None:
        plan, row = Plan(self.row), self.row
        self.decision = decide(plan, self.facts)
        self.events = aftermath.told(plan, self.decision)
        next_at = self.decision.next_at
        row.plan(next_at, next_at and plan.fires_at(next_at))
        for turn in self.decision.turns:
            row.last_due_at = turn.due_at
            if not self._add(plan, turn):
                break
        row.runs = plan.entry.total_run_count + self.decision.fires

    def _add(self, plan: Plan, turn: Turn) -> bool:
        """False when there is nothing to be gained by going on."""
        if not registry.makes_jobs(plan.entry.task):
            return True  # a message of plain Celery, see `aftermath`
        try:
            self.jobs.append(row_of(plan, turn, self.facts.now))
        except (Invalid, Unreadable, registry.UnknownTask) as problem:
            flaw = _("Its task does not take what it is given: %s") % problem
            failed = replace(turn, deed=Deed.FAIL, reason=flaw)
            self.jobs.append(ended(plan, failed, self.facts.now, problem))
            self.decision = Decision()
            self._set_aside(flaw)
            return False
        return True


def fire_due(now: datetime) -> int:
    """Deal with some of those whose moment has come; how many were dealt with."""
    due = Schedule.objects.planned().filter(fire_at__lte=now, stale_at__isnull=True)
    keys = list(due.values_list("pk", flat=True)[:BATCH])
    with _no_collection():
        return settle(_prepared(keys, now)) if keys else 0


@contextmanager
def _no_collection() -> Iterator[None]:
    """All that a batch makes lives as long as the batch: to look through it for garbage
    meanwhile, a hundred times, costs an eighth of all and finds nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _prepared(keys: list[int], now: datetime) -> list[Fire]:
    rows, broken = read_rows(keys, shares=True)
    facts = gather(rows, now)
    fires = [Fire(row, facts[row.pk]).prepare() for row in rows]
    for row, why in broken:
        fires.append(Fire(row, Facts(now)))
        fires[-1].quarantine(why)
    return fires


def settle(fires: list[Fire]) -> int:
    """All at once; if one of them cannot be stored, each by itself."""
    try:
        return _commit(fires)
    except AWAY:
        raise
    except Exception as reason:
        if len(fires) > 1:
            return sum(settle([fire]) for fire in fires)
        logger.exception("The schedule %s cannot be fired.", fires[0].row.entry.name)
        fires[0].quarantine(_("It cannot be fired: %s") % words_of(reason))
        return _commit(fires)


def _commit(fires: list[Fire]) -> int:
    with transaction.atomic():
        keys = [fire.row.pk for fire in fires]
        now = Schedule.objects.filter(pk__in=keys).marks()
        mine = [fire for fire in fires if now.get(fire.row.pk) == fire.seen]
        jobs = [job for fire in mine for job in fire.jobs]
        unique.skip_alike(jobs)
        insert_many(jobs)
        Schedule.objects.all().keep(fire.row for fire in mine)
        for fire in mine:
            aftermath.follow(fire.row, fire.decision, fire.jobs)
        aftermath.count([(fire.row.entry, fire.decision.fires) for fire in mine])
        Event.objects.bulk_create([event for fire in mine for event in fire.events])
    return len(mine)
