"""Which jobs a list shows: the filters of its address, one page of them, and the counts."""

import base64
import binascii
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import BooleanField, Func, Q, Value
from django.http import Http404, QueryDict

from jobs import permissions
from jobs.models import Job, JobQuerySet
from jobs.states import ACTIVE, FINAL, WAITING, State

PAGE = 50
COUNTED = 10_000
_INSTANT = timedelta(microseconds=1)
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


class NoSuchPlace(Http404):
    """A cursor that we did not write."""


@dataclass(frozen=True)
class Filters:
    """What the person chose. Jobs asked for at `since` or later and before `until`."""

    states: tuple[str, ...] = ()
    task: str = ""
    owner: str = ""
    """A name, or "me"."""
    queue: str = ""
    tag: str = ""
    since: datetime | None = None
    until: datetime | None = None
    is_stalled: bool = False
    words: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        """Read from the address of a page."""
        return cls(
            states=tuple(state for state in State.values if state in query.getlist("state")),
            task=query.get("task", "").replace("\x00", ""),
            owner="me" if query.get("owner") == "me" else "",
            is_stalled=query.get("stalled") == "1",
            words=query.get("q", "").replace("\x00", "").strip()[:200],
        )

    def __bool__(self) -> bool:
        return self != Filters()

    @property
    def is_mine(self) -> bool:
        return self.owner == "me"

    def chosen(self, user: permissions.Person) -> JobQuerySet:
        """The jobs that `user` may see and that match all filters but the states."""
        return self.among(user, permissions.jobs(user))

    def among(self, user: permissions.Person, jobs: JobQuerySet) -> JobQuerySet:
        """Those of `jobs` that match all filters but the states."""
        same: dict[str, Any] = {"task": self.task, "queue": self.queue}
        same |= {"created_at__gte": self.since, "created_at__lt": self.until}
        jobs = jobs.filter(**{name: value for name, value in same.items() if value})
        if self.is_stalled:
            jobs = _stalled(jobs)
        if self.owner:
            jobs = jobs.filter(_owned(user, self.owner))
        if self.tag:
            jobs = jobs.filter(HasTag("tags", Value(self.tag)))
        return jobs.filter(_said(user, self.words)) if self.words else jobs

    def in_states(self, jobs: JobQuerySet) -> JobQuerySet:
        return jobs.filter(state__in=self.states) if self.states else jobs

    def address(self, **change: str | None) -> str:
        """The query of these filters; `state` is put in or taken out, others replaced."""
        query = QueryDict(mutable=True)
        query.setlist("state", self._states_with(change.pop("state", None)))
        owner = "me" if self.is_mine else None
        stalled = "1" if self.is_stalled else None
        given = {"task": self.task, "owner": owner, "stalled": stalled, "q": self.words}
        given |= change
        query.update({key: value for key, value in given.items() if value})
        return "?" + query.urlencode()

    def _states_with(self, state: str | None) -> list[str]:
        if state is None:
            return list(self.states)
        if state in self.states:
            return [one for one in self.states if one != state]
        return [*self.states, state]


def _owned(user: permissions.Person, owner: str) -> Q:
    if owner == "me":
        return Q(owner=user.pk)
    return Q(**{f"owner__{get_user_model().USERNAME_FIELD}": owner})


class HasTag(Func):
    """Whether a JSON list holds a text."""

    output_field = BooleanField()
    template = "EXISTS (SELECT 1 FROM json_each(%(expressions)s)"
    arg_joiner = ") WHERE json_each.value = "

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        how = {"template": "%(expressions)s::text)", "arg_joiner": " @> jsonb_build_array("}
        return self.as_sql(compiler, connection, **how, **extra)


def _said(user: permissions.Person, words: str) -> Q:
    """Found in the id, the note, or the name or title of the task."""
    titled = permissions.tasks(user).filter(title__icontains=words).values("pk")
    named = Q(task__name__icontains=words) | Q(task__in=titled)
    return named | Q(id__istartswith=words) | Q(note__icontains=words)


@dataclass(frozen=True)
class Page:
    """Newest first; a cursor is None where there is nothing further."""

    jobs: list[Job]
    newer: str | None
    older: str | None


def page(
    jobs: JobQuerySet, *, before: str | None = None, after: str | None = None, size: int = 0
) -> Page:
    """The page after or before a cursor, or the first one; raises NoSuchPlace."""
    size = size or PAGE
    rows = jobs.select_related("owner", "schedule").defer("traceback", "checkpoint", "result")
    if before:
        upward = rows.filter(_newer(before)).order_by("created_at", "id")
        found = list(upward[: size + 1])
        return _page(list(reversed(found[:size])), len(found) > size, True)
    found = list((rows.filter(_older(after)) if after else rows)[: size + 1])
    return _page(found[:size], bool(after), len(found) > size)


def _page(jobs: list[Job], has_newer: bool, has_older: bool) -> Page:
    return Page(
        jobs,
        newer=cursor(jobs[0]) if jobs and has_newer else None,
        older=cursor(jobs[-1]) if jobs and has_older else None,
    )


def cursor(job: Job) -> str:
    return _encoded(f"{job.created_at.isoformat()} {job.id}")


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def newest(page: Page) -> str:
    """Where the first page begins; before all jobs when there is none yet."""
    return cursor(page.jobs[0]) if page.jobs else _encoded("1970-01-01T00:00:00+00:00 ")


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, job_id = text.partition(" ")
        moment = datetime.fromisoformat(at)
    except (binascii.Error, ValueError) as error:
        raise NoSuchPlace from error
    # At the ends of the calendar there is no microsecond before or after.
    if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise NoSuchPlace
    return moment, job_id.replace("\x00", "")


# SQLite compares moments as text, and the same one may be written with 0, 3 or 6 digits:
# so equality is "within a microsecond", which is exact on both databases.
def _older(cursor: str) -> Q:
    at, job_id = _place(cursor)
    return Q(created_at__lte=at - _INSTANT) | Q(created_at__lt=at + _INSTANT, id__lt=job_id)


def _newer(cursor: str) -> Q:
    at, job_id = _place(cursor)
    return Q(created_at__gte=at + _INSTANT) | Q(created_at__gt=at - _INSTANT, id__gt=job_id)


def count(jobs: JobQuerySet) -> int | None:
    """How many there are; None when they are more than `COUNTED`."""
    found = jobs.order_by().values("pk")[: COUNTED + 1].count()
    return found if found <= COUNTED else None


def newer_than(jobs: JobQuerySet, cursor: str, limit: int) -> int:
    """How many came since, counted up to `limit`."""
    return jobs.filter(_newer(cursor))[:limit].count()


@dataclass(frozen=True)
class StateCount:
    state: str
    count: int
    is_more: bool
    """Whether only the newest were counted, so that there may be more."""
    is_chosen: bool
    address: str


def counts(jobs: JobQuerySet, filters: Filters) -> dict[str, list[StateCount]]:
    """How many jobs are in each state. Those not ended are counted by indexes of their
    own, of those that ended the newest ten thousand, so that no history makes the page slow."""
    waiting = _count(jobs.filter(state__in=sorted(WAITING)).order_by())
    active = _count(jobs.filter(lease_expires_at__isnull=False).order_by())
    ended = _count(jobs.filter(state__in=FINAL).order_by("-created_at", "-id"))
    groups = {"waiting": WAITING, "active": ACTIVE, "final": FINAL}
    found = waiting | active | ended
    cut = {s for part in (waiting, active, ended) if part.total() > COUNTED for s in part}
    return {
        name: [
            StateCount(s, found[s], s in cut, s in filters.states, filters.address(state=s))
            for s in _in_order(group)
        ]
        for name, group in groups.items()
    }


def count_stalled(jobs: JobQuerySet) -> int:
    """How many of them run and say nothing, up to the bound of all counts."""
    return _stalled(jobs).order_by().values("pk")[:COUNTED].count()


def _stalled(jobs: JobQuerySet) -> JobQuerySet:
    return jobs.filter(lease_expires_at__isnull=False, stalled_at__isnull=False)


def _count(jobs: JobQuerySet) -> Counter[str]:
    return Counter(jobs.values_list("state", flat=True)[: COUNTED + 1])


def _in_order(group: Iterable[State]) -> list[State]:
    return [state for state in State if state in group]
