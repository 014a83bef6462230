"""What else follows when a schedule fires: others are ended, it pauses or is over, what
stock pages show is counted, and what went wrong is told."""

import logging
import threading
from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from celery import current_app
from django.db import connections, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask
from kombu.utils import json as typed_json

from jobs import registry
from jobs.execution.control import Order, cancel, terminate
from jobs.models import Event, Job, Leader, Overlap, Schedule, ScheduleQuerySet

from .decide import CAUGHT_UP, Decision
from .entries import event
from .fire import headers_of
from .plan import Plan
from .rows import words_of

logger = logging.getLogger(__name__)

MISFIRE, PAUSE, STRANGER, UNSENT = "misfire", "pause", "stranger", "unsent"
# For how long somebody who fired a schedule of ours is taken to be still at it.
STRANGER_SECONDS = 600.0


def told(plan: Plan, decision: Decision) -> list[Event]:
    """The events of one schedule."""
    found = []
    if late := decision.missed:
        found.append(
            event(
                plan.entry,
                MISFIRE,
                after={
                    "count": len(late),
                    "is_more": decision.is_more,
                    "caught_up": sum(turn.tag == CAUGHT_UP for turn in late),
                    "from": late[0].due_at.isoformat(),
                    "until": late[-1].due_at.isoformat(),
                },
            )
        )
    if decision.pauses:
        found.append(event(plan.entry, PAUSE, reason=decision.pauses))
    if plan.entry.total_run_count > plan.schedule.runs:
        found += _stranger(plan)
    return found


def _stranger(plan: Plan) -> list[Event]:
    """Somebody counted runs that were none of ours."""
    is_known = Leader.is_held(Leader.STRANGER)
    Leader.hold(Leader.STRANGER, "?", STRANGER_SECONDS)
    why = _("Another beat, which is not Batuta's, fires schedules of this database.")
    return [] if is_known else [event(plan.entry, STRANGER, reason=why)]


def follow(row: Schedule, decision: Decision, jobs: list[Job]) -> None:
    """What the decision means for others and for the schedule itself; in its transaction."""
    if decision.ends_others:
        _end_others(row, jobs)
    if decision.fires and row.remaining is not None:
        _mine(row).update(remaining=F("remaining") - decision.fires)
    if decision.fires and row.entry.one_off:
        PeriodicTask.objects.filter(pk=row.entry_id).update(enabled=False)
    if decision.pauses:
        _mine(row).update(paused_at=Now(), paused_by=None, pause_note=decision.pauses)
    if decision.fires and not registry.makes_jobs(row.entry.task):
        transaction.on_commit(partial(_send_beside, row.entry))


def _mine(row: Schedule) -> ScheduleQuerySet:
    return Schedule.objects.filter(pk=row.pk)


def _end_others(row: Schedule, jobs: list[Job]) -> None:
    mine = [job.pk for job in jobs]
    others = Job.objects.live().filter(schedule=row.pk, backfill=None).exclude(pk__in=mine)
    order = Order(reason=_("The next fire of its schedule has come."))
    cancel(others, order)
    if row.overlap == Overlap.TERMINATE_OTHER:
        terminate(others, order)


def count(fired: Iterable[tuple[PeriodicTask, int]]) -> None:
    """For the pages of django-celery-beat, and for who reads its rows."""
    by_times = defaultdict(list)
    for entry, times in fired:
        by_times[times].append(entry.pk)
    by_times.pop(0, None)
    for times, keys in by_times.items():
        entries = PeriodicTask.objects.filter(pk__in=keys)
        entries.update(last_run_at=Now(), total_run_count=F("total_run_count") + times)


def _send_beside(entry: PeriodicTask) -> None:
    """What stays plain Celery gets a message, and no second one: it has no row to ring
    for again. A broker that hangs must not keep the other schedules waiting."""
    threading.Thread(target=_send, args=(entry,), daemon=True).start()


def _send(entry: PeriodicTask) -> None:
    try:
        options = {name: getattr(entry, name) for name in ("queue", "priority", "expires")}
        options["expires"] = entry.expires or entry.expire_seconds
        said = {name: value for name, value in options.items() if value is not None}
        current_app.send_task(
            entry.task,
            typed_json.loads(entry.args or "[]"),  # type: ignore[no-untyped-call]
            typed_json.loads(entry.kwargs or "{}"),  # type: ignore[no-untyped-call]
            headers=headers_of(entry),
            **said,
        )
    # Brokers fail in many ways; it has no row that could tell of it.
    except Exception as reason:
        logger.exception("The schedule %s could not be sent.", entry.name)
        event(entry, UNSENT, reason=words_of(reason)).save(force_insert=True)
    finally:
        connections.close_all()
