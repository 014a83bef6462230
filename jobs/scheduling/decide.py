"""What becomes of a schedule whose moment has come: facts in, a decision out.

Nothing here reads a clock or a row, so that the same rules can be replayed and tried.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeAlias

from django.utils.translation import gettext as _

from jobs.models import CatchUp, Overlap

from .plan import MOST_MOMENTS, Plan

CAUGHT_UP, MISSED = "caught up", "missed"
"""Tags of the rows of fires that came too late."""


class Deed(Enum):
    """What is done with one moment; each becomes one row."""

    RUN = "run"
    WAIT = "wait"  # until the fires before it have ended
    SKIP = "skip"
    FAIL = "fail"


@dataclass(frozen=True)
class Facts:
    """What holds for a schedule at the moment of deciding."""

    now: datetime
    live: int = 0
    """Jobs of it that have not ended."""
    waiting: int = 0
    """Those among them that wait for the others."""
    failed: int = 0
    """How many of its last fires failed, in a row."""
    refusal: str = ""
    """Why the person as whom it runs may not run it."""


@dataclass(frozen=True)
class Turn:
    """One moment, and what is done with it."""

    due_at: datetime
    deed: Deed
    reason: str = ""
    tag: str = ""

    @property
    def tags(self) -> list[str]:
        return [self.tag] if self.tag else []


@dataclass
class Decision:
    """All that follows for one schedule."""

    turns: list[Turn] = field(default_factory=list)
    next_at: datetime | None = None
    """The moment that comes after those."""
    ends_others: bool = False
    """Whether the jobs that still live are to be ended."""
    pauses: str = ""
    """Why the schedule pauses itself."""
    is_more: bool = False
    """Whether more moments were missed than there are rows of."""

    @property
    def fires(self) -> int:
        return sum(turn.deed in (Deed.RUN, Deed.WAIT) for turn in self.turns)

    @property
    def missed(self) -> list[Turn]:
        """Those that came too late, run by now or not."""
        return [turn for turn in self.turns if turn.tag]


Turns: TypeAlias = list[Turn]


def decide(plan: Plan, facts: Facts) -> Decision:
    """What becomes of the moments from the schedule's `due_at` until now."""
    since = plan.schedule.due_at
    assert since is not None, "it was not planned"
    passed, is_more = plan.passed(since, facts.now)
    moments = [since, *passed]
    if passed and plan.fires_at(moments[-1]) > facts.now:
        moments.pop()  # its jitter lasts still
    decision = Decision(next_at=plan.after(moments[-1]), is_more=is_more)
    decision.turns = _timed(plan, facts, moments[-MOST_MOMENTS:])
    for rule in (_bounded, _blacked_out, _trusted, _overlapping):
        decision.turns = rule(plan, facts, decision)
    if decision.pauses or _is_used_up(plan, decision):
        decision.next_at = None
    return decision


def _timed(plan: Plan, facts: Facts, moments: list[datetime]) -> Turns:
    """What came in time runs; of what came too late, what the schedule catches up."""
    schedule = plan.schedule
    grace = timedelta(seconds=schedule.grace_seconds)
    window = timedelta(seconds=schedule.catch_up_window_seconds)

    def turn(due_at: datetime) -> Turn:
        if facts.now - plan.fires_at(due_at) <= grace:
            return Turn(due_at, Deed.RUN)
        is_wanted = schedule.catch_up == CatchUp.ALL or (
            schedule.catch_up == CatchUp.LATEST and due_at == moments[-1]
        )
        if is_wanted and facts.now - due_at <= window:
            return Turn(due_at, Deed.RUN, tag=CAUGHT_UP)
        return Turn(due_at, Deed.SKIP, _("Nobody was there at its time."), MISSED)

    return [turn(moment) for moment in moments]


def _bounded(plan: Plan, facts: Facts, decision: Decision) -> Turns:
    """No more fires than the schedule has left; after the last of them it is over."""
    left = plan.left
    kept: Turns = []
    for turn in decision.turns:
        if left is not None and turn.deed == Deed.RUN:
            if left <= 0:
                break
            left -= not plan.blackout.covers(turn.due_at)
        kept.append(turn)
    return kept


def _is_used_up(plan: Plan, decision: Decision) -> bool:
    left = plan.left
    return left is not None and decision.fires >= left


def _blacked_out(plan: Plan, facts: Facts, decision: Decision) -> Turns:
    if plan.schedule.blackout == []:
        return decision.turns
    why = _("It is not to run at this time.")
    return _each_run(decision, lambda turn: plan.blackout.covers(turn.due_at), why)


def _trusted(plan: Plan, facts: Facts, decision: Decision) -> Turns:
    """Whether it may go on at all; where not, it pauses at the first fire that it tries."""
    most = plan.schedule.pause_after_failures
    failing = most is not None and facts.failed >= most
    runs = [turn for turn in decision.turns if turn.deed == Deed.RUN]
    if not runs or not (facts.refusal or failing):
        return decision.turns
    many = _("Its last fires failed, %(n)d in a row.") % {"n": facts.failed}
    decision.pauses = facts.refusal or many
    first = Deed.FAIL if facts.refusal else Deed.SKIP
    refused = {runs[0].due_at: replace(runs[0], deed=first, reason=decision.pauses)}
    turns = [refused.get(turn.due_at, turn) for turn in decision.turns]
    return _each_run(replace(decision, turns=turns), lambda turn: True, _("It is paused."))


def _overlapping(plan: Plan, facts: Facts, decision: Decision) -> Turns:
    rule = plan.schedule.overlap
    if rule == Overlap.ALLOW_ALL:
        return decision.turns
    if rule in (Overlap.CANCEL_OTHER, Overlap.TERMINATE_OTHER):
        return _instead_of_others(facts, decision)
    return _after_others(Overlap(rule), facts, decision)


def _after_others(rule: Overlap, facts: Facts, decision: Decision) -> Turns:
    live, waiting = facts.live, facts.waiting
    turns: Turns = []
    for turn in decision.turns:
        if turn.deed == Deed.RUN and live:
            if rule == Overlap.BUFFER_ALL or (rule == Overlap.BUFFER_ONE and not waiting):
                turn = replace(turn, deed=Deed.WAIT)
                waiting += 1
            else:
                turn = replace(turn, deed=Deed.SKIP, reason=_STILL[rule]())
        live += turn.deed in (Deed.RUN, Deed.WAIT)
        turns.append(turn)
    return turns


_STILL: dict[Overlap, Callable[[], str]] = {
    Overlap.SKIP: lambda: _("The one before it had not ended."),
    Overlap.BUFFER_ONE: lambda: _("One was waiting already for the one before it."),
}


def _instead_of_others(facts: Facts, decision: Decision) -> Turns:
    """The last one, as soon as those that live have ended."""
    runs = [turn.due_at for turn in decision.turns if turn.deed == Deed.RUN]
    if not runs:
        return decision.turns
    decision.ends_others = facts.live > 0
    why = _("The next one came at once.")
    turns = _each_run(decision, lambda turn: turn.due_at != runs[-1], why)
    last = Deed.WAIT if facts.live else Deed.RUN
    return [replace(turn, deed=last) if turn.deed == Deed.RUN else turn for turn in turns]


def _each_run(decision: Decision, skips: Callable[[Turn], bool], why: str) -> Turns:
    """The turns, those that were to run skipped where `skips` says so."""
    return [
        replace(turn, deed=Deed.SKIP, reason=why)
        if turn.deed == Deed.RUN and skips(turn)
        else turn
        for turn in decision.turns
    ]
