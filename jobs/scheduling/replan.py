"""What was edited is planned anew: its next moment, or why there is none."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from jobs.models import Event, Schedule

from .entries import event
from .plan import Plan
from .rows import AWAY, read_rows, words_of
from .times import Impossible

BATCH = 500
QUARANTINE = "quarantine"


def replan() -> int:
    """Plan some of those that are stale; how many were planned."""
    keys = list(Schedule.objects.stale().values_list("pk", flat=True)[:BATCH])
    if not keys:
        return 0
    rows, broken = read_rows(keys)
    rows += [row for row, _why in broken]
    seen = {row.pk: (row.mark, row.flaw) for row in rows}
    flaws = {row.pk: why for row, why in broken}
    for row in rows:
        if row.pk in flaws:
            row.quarantine(flaws[row.pk])
        else:
            plan_row(row)
    with transaction.atomic():
        now = Schedule.objects.filter(pk__in=keys).marks()
        kept = [row for row in rows if now.get(row.pk) == seen[row.pk][0]]
        Schedule.objects.all().keep(kept)
        news = [row for row in kept if row.flaw and row.flaw != seen[row.pk][1]]
        Event.objects.bulk_create(
            [event(row.entry, QUARANTINE, reason=row.flaw) for row in news]
        )
    return len(kept)


def plan_row(row: Schedule) -> None:
    """Its cursor, as its entry says now. A moment that had come before the edit, and that
    nobody has dealt with yet, stays the next one."""
    try:
        due_at = _next(row)
        row.flaw = ""
        row.plan(due_at, due_at and Plan(row).fires_at(due_at))
    except Impossible as reason:
        row.quarantine(str(reason))
    except AWAY:
        raise
    # One row that nobody foresaw must not keep the others from being planned.
    except Exception as reason:
        row.quarantine(_("It cannot be read: %s") % words_of(reason))


def _next(row: Schedule) -> datetime | None:
    plan = Plan(row)
    if not plan.is_on:
        return None
    plan.check()
    edited_at = row.stale_at or row.anchor_at
    if row.due_at is not None and row.due_at <= edited_at:
        return row.due_at
    return plan.first(max(edited_at, row.last_due_at or edited_at))


def reconsider() -> None:
    """Look again at those that have a flaw: code that came meanwhile may have mended it."""
    flawed = Schedule.objects.exclude(flaw="")
    flawed.update(stale_at=Now(), revision=F("revision") + 1)
