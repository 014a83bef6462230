"""What the client asks for, and what must become of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import chain, chord, group

from jobs import enqueue
from jobs.states import State

from . import work

STEPS, PARTS, WALK = 3, 5, 12
DONE = frozenset({State.COMPLETED})


@dataclass(frozen=True)
class Kind:
    """`asks` for the jobs of one label; then there must be `expected` many of each task,
    each in one of `ends`, and the job of the task `last` must have the result `result`."""

    asks: Callable[[str, random.Random], Any]
    expected: dict[str, int]
    weight: int
    ends: frozenset[State] = DONE
    last: str = ""
    result: Any = None


def name(task: Any) -> str:
    return str(task.name)


def a_short(label: str, dice: random.Random) -> None:
    enqueue(work.short, {"label": label, "seconds": dice.uniform(0, 0.1)})


def a_quiet(label: str, dice: random.Random) -> None:
    work.quiet.delay(label, dice.uniform(0, 0.1))


def a_walk(label: str, dice: random.Random) -> None:
    enqueue(work.walk, {"label": label, "steps": WALK, "seconds": dice.uniform(0.02, 0.25)})


def a_flaky(label: str, dice: random.Random) -> None:
    enqueue(work.flaky, {"label": label, "times": 2})


def a_broken(label: str, dice: random.Random) -> None:
    enqueue(work.broken, {"label": label})


def a_plain(label: str, dice: random.Random) -> None:
    work.plain.delay(label, dice.uniform(0, 0.2))


def an_eta(label: str, dice: random.Random) -> None:
    enqueue(work.short, {"label": label, "seconds": 0.01}, countdown=dice.uniform(0.5, 5))


def a_chain(label: str, dice: random.Random) -> None:
    calls = [work.step.s(label=label, seconds=dice.uniform(0, 0.2)) for _ in range(STEPS)]
    calls[0] = work.step.s(0, label=label, seconds=0.05)
    chain(*calls).apply_async()


def parts(label: str, dice: random.Random) -> list[Any]:
    return [work.part.s(label, number, dice.uniform(0, 0.2)) for number in range(PARTS)]


def a_group(label: str, dice: random.Random) -> None:
    group(parts(label, dice)).apply_async()


def a_chord(label: str, dice: random.Random) -> None:
    chord(parts(label, dice))(work.body.s(label=label))


HELD = frozenset({State.COMPLETED, State.FAILED})
SUM = sum(range(PARTS))
KINDS = {
    "short": Kind(a_short, {name(work.short): 1}, 8),
    "quiet": Kind(a_quiet, {name(work.quiet): 1}, 2),
    "walk": Kind(a_walk, {name(work.walk): 1}, 4, last=name(work.walk), result=WALK),
    "flaky": Kind(a_flaky, {name(work.flaky): 1}, 2, last=name(work.flaky), result=2),
    "broken": Kind(a_broken, {name(work.broken): 1}, 1, frozenset({State.FAILED})),
    "plain": Kind(a_plain, {name(work.plain): 1}, 2, HELD),
    "eta": Kind(an_eta, {name(work.short): 1}, 2),
    "chain": Kind(a_chain, {name(work.step): STEPS}, 3),
    "group": Kind(a_group, {name(work.part): PARTS}, 1),
    "chord": Kind(
        a_chord, {name(work.part): PARTS, name(work.body): 1}, 3, DONE, name(work.body), SUM
    ),
}


def kind_of(label: str) -> str:
    return label.partition("-")[0]
