"""Run past moments of a schedule on purpose: each becomes a job that waits for its turn.

All of it is in rows. The relay lets the next ones go and ends what is to end, so that a
process which dies in the middle loses nothing; and of one backfill and moment there is
never a second row.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.conf import as_the_site_speaks
from jobs.dispatch.enqueue import insert_many
from jobs.dispatch.entrance import enter
from jobs.execution import control
from jobs.execution.order import Order
from jobs.models import Backfill, First, Job, JobQuerySet, Schedule, Task, Which, new_id
from jobs.params import Invalid, Unreadable

from .decide import Deed, Turn
from .entries import tell
from .facts import WAITS, refusal
from .fire import row_of
from .past import MOST, Look
from .plan import Plan
from .rows import AWAY, read_row
from .times import Impossible
from .when import EARLIEST, LATEST

logger = logging.getLogger(__name__)

TAG = "backfill"
MOST_AT_ONCE = 100
BATCH = 500
"""Rows that are written, or cancelled, together."""


@dataclass(frozen=True)
class Wish:
    """Which moments, in which order, and how many of them at the same time."""

    since: datetime
    until: datetime
    which: Which = Which.MISSING
    first: First = First.OLDEST
    concurrency: int = 1


def look(entry: PeriodicTask, wish: Wish) -> Look:
    """What a backfill would run. Raises Invalid with what is wrong with the wish, or with
    the schedule."""
    _refuse_wish(wish)
    if not registry.makes_jobs(entry.task):
        raise Invalid({"": [_("Its task makes no jobs: it cannot be backfilled.")]})
    found = Look(Plan(read_row(entry.pk)), wish.since, wish.until, wish.which, timezone.now())
    try:
        found.read()
    except Impossible as reason:
        raise Invalid({"": [str(reason)]}) from None
    if found.is_more:
        problem = _("These are more than %(most)d moments: choose a shorter time.")
        raise Invalid({"since": [problem % {"most": MOST}]})
    return found


def _refuse_wish(wish: Wish) -> None:
    for name, at in (("since", wish.since), ("until", wish.until)):
        if not EARLIEST <= at <= LATEST:
            raise Invalid({name: [_("Give a moment between 1970 and 9000.")]})
    if wish.since >= wish.until:
        raise Invalid({"until": [_("This is not later than the beginning.")]})
    if not 1 <= wish.concurrency <= MOST_AT_ONCE:
        problem = _("Give a number from 1 to %(most)d.") % {"most": MOST_AT_ONCE}
        raise Invalid({"concurrency": [problem]})


def start(entry: PeriodicTask, wish: Wish, order: Order, *, backfill_id: str = "") -> Backfill:
    """Ask for a backfill, all of it or nothing. `backfill_id` is for a caller who may ask
    twice: the second time it is there already. Raises Invalid."""
    asked = Backfill.objects.filter(pk=backfill_id, schedule=entry.pk)
    if known := asked.first():
        return known
    key = backfill_id or new_id()
    try:
        # Of ten thousand that takes seconds: nobody else has to wait for it.
        found, jobs = _drafted(entry, wish, key)
    except Invalid:
        if known := asked.first():
            return known
        raise
    with transaction.atomic():
        # Who asks for the same moments at the same time waits here, and finds our rows.
        list(Schedule.objects.select_for_update(of=("self",)).filter(pk=entry.pk))
        if known := asked.first():
            return known
        if not found.holds_still():
            found, jobs = _drafted(entry, wish, key)
        row = _row(found.plan.schedule, wish, order, len(jobs), key)
        for begin in range(0, len(jobs), BATCH):
            insert_many(jobs[begin : begin + BATCH])
        tell(entry, "backfill", by=order.by, reason=order.reason, after=told(row))
    return row


def _drafted(entry: PeriodicTask, wish: Wish, key: str) -> tuple[Look, list[Job]]:
    found = look(entry, wish)
    _refuse(found)
    return found, list(_jobs(key, found))


def told(row: Backfill) -> dict[str, Any]:
    """A backfill as its event tells of it."""
    plain = {name: getattr(row, name) for name in ("which", "first", "concurrency", "count")}
    dates = {"from": row.since.isoformat(), "until": row.until.isoformat()}
    return {"backfill": row.pk, **dates, **plain}


def cancel(row: Backfill, order: Order) -> bool:
    """Let none of its jobs begin any more, and ask those that run to stop; False when it
    was over or cancelled before."""
    with transaction.atomic():
        if not _stop(row, order):
            return False
        going = row.jobs.live().exclude(WAITS)
        control.cancel(going, order)
        _cancel_some(row, order)
    return True


def advance() -> int:
    """Let the next jobs of each backfill go, and end what is to end; how many backfills
    were under way."""
    keys = list(Backfill.objects.live().values_list("pk", flat=True))
    for key in keys:
        try:
            _advance(key)
        except AWAY:
            raise
        # One that nobody foresaw must not keep the others waiting.
        except Exception:
            logger.exception("The backfill %s cannot go on.", key)
    return len(keys)


def _advance(key: str) -> None:
    with transaction.atomic(), as_the_site_speaks():
        row = Backfill.objects.live().filter(pk=key).held()
        if row is None:
            return
        if row.cancelled_at is None and (why := _trouble(row)):
            _stop(row, Order(reason=why))
            row.refresh_from_db()
        if row.cancelled_at is None:
            _let_go(row)
        else:
            _cancel_some(row, Order(row.cancelled_by, row.cancel_reason))
        if not row.jobs.live().exists():
            Backfill.objects.filter(pk=key).update(finished_at=Now())


def _let_go(row: Backfill) -> None:
    room = row.concurrency - row.jobs.live().exclude(WAITS).count()
    if room <= 0:
        return
    disabled = Task.objects.filter(enabled=False).values("pk")
    turn = "due_at" if row.first == First.OLDEST else "-due_at"
    waiting = row.jobs.live().filter(WAITS).exclude(task__in=disabled).order_by(turn)
    enter(_these(waiting[:room]), rings=False)


def _cancel_some(row: Backfill, order: Order) -> None:
    """The others in the next rounds of the relay."""
    waiting = row.jobs.live().filter(WAITS).order_by("due_at")
    control.cancel(_these(waiting[:BATCH]), order)


def _these(chosen: JobQuerySet) -> JobQuerySet:
    """The same ones by their keys, as long as nobody was first."""
    return Job.objects.filter(WAITS, pk__in=list(chosen.values_list("pk", flat=True)))


def _stop(row: Backfill, order: Order) -> bool:
    going_on = Backfill.objects.live().filter(pk=row.pk, cancelled_at=None)
    columns = {"cancelled_by": order.by, "cancel_reason": order.reason}
    if not going_on.update(cancelled_at=Now(), **columns):
        return False
    if row.schedule is not None:
        after = {"backfill": row.pk}
        tell(row.schedule, "cancel", by=order.by, reason=order.reason, after=after)
    return True


def _trouble(row: Backfill) -> str:
    """Why none of its jobs may begin any more: what is asked at each fire. Their task is
    that which the schedule had then; it may have another one by now."""
    if row.schedule is None:
        return _("Its schedule was deleted.")
    tasks = row.jobs.live().order_by().values_list("task", flat=True)
    return "".join(_refusal(row.run_as_id, task) for task in tasks.distinct()[:1])


def _refusal(user_id: Any, task: str) -> str:
    return "" if user_id is None else refusal(user_id, task)


def _refuse(found: Look) -> None:
    schedule = found.plan.schedule
    if not found.wanted:
        raise Invalid({"since": [_("There is nothing to run in this time.")]})
    if why := _refusal(schedule.run_as_id, schedule.entry.task):
        raise Invalid({"": [why]})


def _row(schedule: Schedule, wish: Wish, order: Order, count: int, key: str) -> Backfill:
    return Backfill.objects.create(
        id=key,
        schedule=schedule.entry,
        since=wish.since,
        until=wish.until,
        which=wish.which,
        first=wish.first,
        concurrency=wish.concurrency,
        count=count,
        reason=order.reason,
        asked_by=order.by,
        run_as_id=schedule.run_as_id,
    )


def _jobs(key: str, found: Look) -> Iterator[Job]:
    """They wait, and do not expire meanwhile: their moments are past anyway."""
    for due_at in found.wanted:
        turn = Turn(due_at, Deed.WAIT, tag=TAG)
        try:
            job = row_of(found.plan, turn, found.now)
        except (Invalid, Unreadable, registry.UnknownTask) as problem:
            flaw = _("Its task does not take what it is given: %s") % problem
            raise Invalid({"": [flaw]}) from None
        job.backfill_id, job.expires_at = key, None
        yield job
