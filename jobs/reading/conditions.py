"""What each term of a search asks of a job."""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import reduce
from operator import and_, or_
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from jobs import permissions, registry
from jobs.models import Task
from jobs.states import ACTIVE, FINAL, LIVE, WAITING, State, WaitingFor

from .grammar import ONE_OF, PARAM, Term
from .inside import has_tag, like, param
from .moments import moment

ME, NOBODY = "me", "nobody"
GROUPS = {"waiting": WAITING, "active": ACTIVE, "live": LIVE, "final": FINAL}
IS = ("stalled",)
_LONGEST_ID = 10
PENDING = Q(state=State.PENDING, finished_at=None)
# Found by an index; all else is asked of each job in turn.
_INDEXED = ("state", "task", "owner", "schedule", "backfill", "since", "until", "is")


def mistake(term: Term) -> str:
    """Why the value of a term is none for its key; "" when it is one."""
    try:
        if check := _CHECKS.get(_kind(term)):
            check(term)
    except ValueError:
        return str(_WRONG[_kind(term)] % {"value": term.value, "key": term.key})
    return ""


def is_indexed(term: Term) -> bool:
    return term.key in _INDEXED and not term.is_not


def condition(terms: Iterable[Term], user: permissions.Person) -> Q:
    """That a job is as all of them say; of what it has one of, any of the values."""
    any_of: dict[str, list[Q]] = {}
    found = Q()
    for term in terms:
        asked = _ASKED[_kind(term)](term, user)
        if term.is_not:
            found &= ~asked
        elif term.key in ONE_OF:
            any_of.setdefault(term.key, []).append(asked)
        else:
            found &= asked
    return reduce(and_, (reduce(or_, asked) for asked in any_of.values()), found)


def states(term: Term) -> frozenset[State]:
    """The states that a term names; raises ValueError."""
    value = term.value.lower()
    return frozenset(GROUPS[value]) if value in GROUPS else frozenset({State(value)})


def _kind(term: Term) -> str:
    return PARAM if term.key.startswith(PARAM) else term.key


def _state(term: Term, user: permissions.Person) -> Q:
    return Q(state__in=sorted(states(term)))


def _waiting(term: Term, user: permissions.Person) -> Q:
    """Only what is pending waits for something; so no history is read for it."""
    return PENDING & Q(waiting_for=WaitingFor(term.value.lower()))


def _task(term: Term, user: permissions.Person) -> Q:
    """A whole name is that task; else all whose name has such a part between its dots."""
    names = [*Task.objects.order_by("pk").values_list("pk", flat=True)]
    if term.value in names:
        return Q(task=term.value)
    part = f"*.{term.value.lower().strip('.')}.*"
    # Only `*` is special: fnmatch knows more signs.
    part = part.replace("[", "[[]").replace("?", "[?]")
    fit = [name for name in names if fnmatchcase(f".{name.lower()}.", part)]
    return Q(task__in=[term.value, *fit])


def _owner(term: Term, user: permissions.Person) -> Q:
    if term.value in (ME, NOBODY):
        return Q(owner=user.pk if term.value == ME else None)
    return Q(**{f"owner__{get_user_model().USERNAME_FIELD}": term.value})


def _queue(term: Term, user: permissions.Person) -> Q:
    return _named("queue", term.value)


def _worker(term: Term, user: permissions.Person) -> Q:
    """Its name, or what stands in it before the machine's."""
    return _named("worker", term.value) | Q(worker__startswith=f"{term.value}@")


def _schedule(term: Term, user: permissions.Person) -> Q:
    """By name, or by the number that the API knows it by."""
    asked = _named("name", term.value)
    if term.value.isascii() and term.value.isdecimal() and len(term.value) < _LONGEST_ID:
        asked |= Q(pk=int(term.value))
    return Q(schedule__in=PeriodicTask.objects.filter(asked).order_by().values("pk"))


def _named(column: str, value: str) -> Q:
    return Q(like(column, value)) if "*" in value else Q(**{column: value})


def _said(term: Term, user: permissions.Person) -> Q:
    """Found in the id, the note, or the name or title of the task."""
    words = term.value
    titled = permissions.tasks(user).filter(title__icontains=words).values("pk")
    named = Q(task__name__icontains=words) | Q(task__in=titled)
    return named | Q(id__istartswith=words) | Q(note__icontains=words)


def _error(term: Term, user: permissions.Person) -> Q:
    places = ("error", "error_type", "reason")
    return reduce(or_, (Q(**{f"{place}__icontains": term.value}) for place in places))


def _param(term: Term, user: permissions.Person) -> Q:
    """What a task calls a secret now may stand in old rows as it was: nobody finds it."""
    path = term.key.removeprefix(PARAM)
    name = path.partition(".")[0]
    hiding = [each.name for each in registry.all() if each.parameters.hides(name)]
    found = param(path, term.value)
    return found & ~Q(task__in=hiding) if hiding else found


def _is(term: Term, user: permissions.Person) -> Q:
    return Q(lease_expires_at__isnull=False, stalled_at__isnull=False)


_ASKED: dict[str, Callable[[Term, permissions.Person], Q]] = {
    "": _said,
    "state": _state,
    "waiting": _waiting,
    "task": _task,
    "owner": _owner,
    "tag": lambda term, user: Q(has_tag(term.value)),
    "queue": _queue,
    "worker": _worker,
    "schedule": _schedule,
    "backfill": lambda term, user: Q(backfill=term.value),
    "since": lambda term, user: Q(created_at__gte=moment(term.value)),
    "until": lambda term, user: Q(created_at__lt=moment(term.value, is_end=True)),
    "error": _error,
    PARAM: _param,
    "is": _is,
}


def _is_one(term: Term) -> None:
    if term.value not in IS:
        raise ValueError(term.value)


def _not_yet(term: Term) -> None:
    raise ValueError(term.value)


_CHECKS: dict[str, Callable[[Term], Any]] = {
    "state": states,
    "waiting": lambda term: WaitingFor(term.value.lower()),
    "since": lambda term: moment(term.value),
    "until": lambda term: moment(term.value, is_end=True),
    "is": _is_one,
    PARAM: lambda term: param(term.key.removeprefix(PARAM), term.value),
    "workflow": _not_yet,
}
_WHEN = _("“%(value)s” is no time: write 2d, 3h, 15m, today, 2026-08-22 or 2026-08-22T14:00.")
_WRONG: dict[str, Any] = {
    "state": _("There is no state “%(value)s”."),
    "waiting": _("No job waits for “%(value)s”."),
    "since": _WHEN,
    "until": _WHEN,
    "is": _("Jobs can be asked for that are “stalled”, not “%(value)s”."),
    PARAM: _("“%(key)s:%(value)s” is no question to a parameter: write param.size:>3."),
    "workflow": _("Jobs cannot be found by their workflow yet."),
}
