"""How a search could go on: keys, and values that occur in what the person may see."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.states import State, WaitingFor

from .conditions import GROUPS, IS, ME, NOBODY
from .grammar import KEYS, LONGEST, ONE_OF, PARAM, Term, clean

MOST = 8
RECENT = 1_000
"""Jobs, the newest, whose queues, tags, workers, owners and schedules are offered."""
_WHEN = ("1h", "24h", "7d", "30d", "today", "yesterday")

_MEANS: dict[str, Any] = {
    "state": _("what became of it"),
    "waiting": _("what it waits for: slot, rate, time, queue…"),
    "task": _("a task, or a part of its name"),
    "owner": _("who asked for it"),
    "tag": _("a tag"),
    "queue": _("a queue"),
    "worker": _("who ran it last"),
    "schedule": _("what made it"),
    "backfill": _("those that were asked for together"),
    "since": _("asked for since: 2d, today, 2026-08-22"),
    "until": _("asked for until"),
    "error": _("words of its error"),
    "is": _("stalled"),
    PARAM: _("a parameter: param.size:>3"),
}


@dataclass(frozen=True)
class Suggestion:
    """What the word would become, and what that means."""

    text: str
    means: Any = ""


def suggestions(user: permissions.Person, word: str) -> list[Suggestion]:
    """For the word that is being typed, at most `MOST`."""
    word = clean(word)[:LONGEST]
    minus = "-" * word.startswith("-")
    key, colon, begun = word.removeprefix("-").partition(":")
    key = key.lower()
    if not colon:
        return [*islice(_keys(minus, key), MOST)]
    if key not in _VALUES:
        return []
    begun = begun.strip('"').lower()
    if key in ONE_OF:
        begun = begun.rpartition(",")[2]
    fit = (value for value in _VALUES[key](user, begun) if begun in value.lower())
    return [Suggestion(str(Term(key, value, bool(minus)))) for value in islice(fit, MOST)]


def _keys(minus: str, begun: str) -> Iterator[Suggestion]:
    for key in (*KEYS, PARAM):
        if key in _MEANS and key.startswith(begun):
            yield Suggestion(f"{minus}{key}{'' if key == PARAM else ':'}", _MEANS[key])


def _tasks(user: permissions.Person, begun: str) -> Iterable[str]:
    found = permissions.tasks(user).filter(name__icontains=begun).order_by("name")
    return found.values_list("name", flat=True)[:MOST]


def _owners(user: permissions.Person, begun: str) -> Iterable[str]:
    return [ME, NOBODY, *_recent(user, f"owner__{get_user_model().USERNAME_FIELD}")]


def _tags(user: permissions.Person, begun: str) -> Iterable[str]:
    listed = permissions.jobs(user).exclude(tags=[]).values_list("tags", flat=True)[:RECENT]
    return sorted({str(tag) for tags in listed for tag in tags})


def _recent(user: permissions.Person, column: str) -> list[str]:
    found = permissions.jobs(user).values_list(column, flat=True)[:RECENT]
    return sorted({value for value in found if value})


_VALUES: dict[str, Callable[[permissions.Person, str], Iterable[str]]] = {
    "state": lambda user, begun: [*State.values, *GROUPS],
    "waiting": lambda user, begun: WaitingFor.values,
    "task": _tasks,
    "owner": _owners,
    "tag": _tags,
    "queue": lambda user, begun: _recent(user, "queue"),
    "worker": lambda user, begun: _recent(user, "worker"),
    "schedule": lambda user, begun: _recent(user, "schedule__name"),
    "backfill": lambda user, begun: _recent(user, "backfill"),
    "since": lambda user, begun: _WHEN,
    "until": lambda user, begun: _WHEN,
    "is": lambda user, begun: IS,
}
