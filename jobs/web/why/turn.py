"""What lets only so many jobs of a task run, or start: whose turn it is."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.reading.listing import COUNTED
from jobs.reading.turns import Turn
from jobs.states import WaitingFor

from .check import Case, Check, Link, joined

MOST_HOLDERS = 5


def limit(case: Case) -> Iterator[Check]:
    if case.job.waiting_for not in (WaitingFor.SLOT, WaitingFor.RATE):
        return
    turn = Turn(case.job)
    if case.job.waiting_for == WaitingFor.RATE:
        yield _rate(turn)
    else:
        yield _slot(case, turn)


def _slot(case: Case, turn: Turn) -> Check:
    seen = permissions.jobs(case.user).filter(pk__in=turn.holders.values("pk"))
    links = tuple(
        Link(f"{job.task_id}: {job.get_state_display()}", reverse("jobs:job", args=[job.pk]))
        for job in seen.order_by("admitted_at").only("id", "task", "state")[:MOST_HOLDERS]
    )
    return Check(
        _("No slot of its task is free"),
        joined(_which(turn), _before(turn)),
        False,
        "i-pause",
        because=_("It waits for a free slot of its task."),
        links=links,
    )


def _which(turn: Turn) -> str:
    policy = turn.policy
    if turn.key_is_full:
        return _("%(n)s with its key run at once") % {"n": policy.max_running_per_key}
    if policy.max_running is not None:
        return _("%(n)s of its task run at once") % {"n": policy.max_running}
    return _("the whole site runs only so many at once") if turn.is_capped else ""


def _rate(turn: Turn) -> Check:
    told = _("%(rate)s start, over all workers") % {"rate": turn.policy.rate}
    return Check(
        _("The rate limit of its task is reached"),
        joined(told, _before(turn)),
        False,
        "i-clock",
        at=turn.due_at,
        because=_("It waits for the rate limit of its task."),
    )


def _before(turn: Turn) -> str:
    if not turn.before:
        return _("it is the next one")
    count = f"{COUNTED}+" if turn.before >= COUNTED else turn.before
    return _("%(n)s before it") % {"n": count}
