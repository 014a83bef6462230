"""Say to which queues the jobs of tasks go, by the tasks' names: an ordered list of rules,
of which the first that means a task holds."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.dispatch import routes
from jobs.dispatch.policy import policy_of, routed_queue
from jobs.models import Queue, Route, Task
from jobs.params import Invalid

from .emptying import move
from .halt import note
from .order import Order
from .policy import Outdated
from .queues import known

Rules: TypeAlias = Sequence[tuple[str, str]]
"""Pattern and queue of each."""
MOST = 200
OUTDATED = gettext_lazy(
    "Somebody changed the rules while you looked at them. Nothing was saved: "
    "load the page again to see what they did."
)
_PATTERN = re.compile(r"[\w.:*?@-]{1,255}")
_QUEUE = re.compile(r"[\w.:@-]{1,255}")

__all__ = ["MOST", "OUTDATED", "Outdated", "Rules", "Written", "fingerprint", "put", "read",
           "remove", "told", "write"]  # fmt: skip


@dataclass(frozen=True)
class Written:
    changed: bool
    moved: int = 0
    """Jobs that waited, and wait in another queue now."""
    left: int = 0
    """How many of those were not tried, for want of time."""


def told() -> Rules:
    """The rules as the rows say them now, in their order."""
    return [*Route.objects.order_by("place").values_list("pattern", "queue")]


def fingerprint(rules: Rules) -> str:
    """The same for the same rules; a form carries it to notice that another person saved."""
    text = json.dumps([list(rule) for rule in rules])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read(text: str) -> Rules:
    """Rules as people write them, a pattern and a queue in each line; raises Invalid."""
    lines = [line.replace("→", " ").split() for line in text.splitlines()]
    lines = [words for words in lines if words]
    if wrong := [" ".join(words) for words in lines if len(words) != 2]:
        raise Invalid({"rules": [_("Give a pattern and a queue: “%s”.") % wrong[0][:80]]})
    return [(pattern, queue) for pattern, queue in lines]


def write(rules: Rules, order: Order, *, seen: str = "", moves: bool = False) -> Written:
    """Let these rules hold, in this order, and no others; every job that is asked for within
    a second goes by them. With `moves` what waits where such jobs went before moves along.

    `seen` is the `fingerprint` of what the person looked at. Raises params.Invalid, and
    Outdated when it is no longer so.
    """
    _refuse_wrong(rules)
    with transaction.atomic():
        before = _locked()
        if seen and seen != fingerprint(before):
            raise Outdated
        went = _destinations() if moves else {}
        if changed := [*rules] != before:
            _keep(rules, before, order)
    moved, left = _move_along(went, order)
    return Written(changed, moved, left)


def put(pattern: str, queue: str, order: Order, *, first: bool, moves: bool) -> Written:
    """Have one more rule, the last or the first; one of the same pattern is replaced where
    it stands. Raises Invalid."""
    rules = [*told()]
    seen = fingerprint(rules)
    places = [place for place, rule in enumerate(rules) if rule[0] == pattern]
    others = [rule for rule in rules if rule[0] != pattern]
    if first:
        rules = [(pattern, queue), *others]
    elif places:
        rules[places[0]] = (pattern, queue)
    else:
        rules.append((pattern, queue))
    return write(rules, order, seen=seen, moves=moves)


def remove(pattern: str, order: Order, *, moves: bool) -> Written:
    """Have the rule of this pattern no more."""
    rules = told()
    others = [rule for rule in rules if rule[0] != pattern]
    return write(others, order, seen=fingerprint(rules), moves=moves)


def _locked() -> Rules:
    """The rules, which nobody else writes until the transaction ends."""
    Queue.objects.note([Queue.ALL])
    Queue.objects.select_for_update(of=("self",)).get(pk=Queue.ALL)
    return told()


def _keep(rules: Rules, before: Rules, order: Order) -> None:
    Route.objects.replace(rules)
    Queue.objects.note({queue for _pattern, queue in rules})
    lists = [[list(rule) for rule in its] for its in (before, rules)]
    note("edit_routes", Queue.ALL, order, {"rules": lists[0]}, {"rules": lists[1]})
    # What this process holds of them for a second; not true after a rollback either.
    routes.forget()


def _destinations() -> dict[str, str]:
    """Where jobs of each task go that are asked for now."""
    routes.forget()
    names = Task.objects.values_list("pk", flat=True)
    return {name: policy_of(name).queue or routed_queue(name) for name in names}


def _move_along(went: dict[str, str], order: Order) -> tuple[int, int]:
    ways: dict[tuple[str, str], list[str]] = defaultdict(list)
    able = known() if went else set()
    for name, queue in _destinations().items() if went else ():
        # No job may be moved to what only the code's own routes name.
        if went.get(name, queue) != queue and queue in able:
            ways[went[name], queue].append(name)
    done = [move(old, new, order, tasks=names) for (old, new), names in sorted(ways.items())]
    return sum(each.done for each in done), sum(each.left for each in done)


def _refuse_wrong(rules: Rules) -> None:
    problems = [*_wrong(rules)]
    if len(rules) > MOST:
        problems.append(_("At most %d rules.") % MOST)
    if problems:
        raise Invalid({"rules": problems})


def _wrong(rules: Rules) -> Iterable[str]:
    names = set()
    for pattern, queue in rules:
        if not _PATTERN.fullmatch(pattern):
            yield (
                _("“%s”: a pattern is made of the characters of a name, * and ?") % pattern[:80]
            )
        if not _QUEUE.fullmatch(queue):
            words = _("“%s”: a queue is named with letters, digits and . : @ - _")
            yield words % queue[:80]
        if pattern in names:
            yield _("“%s” stands there twice.") % pattern[:80]
        names.add(pattern)
