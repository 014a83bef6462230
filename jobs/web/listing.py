"""Which jobs a list shows: the filters of its address, one page of them, and the counts."""

import base64
import binascii
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.http import Http404, QueryDict

from jobs import permissions
from jobs.models import Job, JobQuerySet
from jobs.states import ACTIVE, FINAL, WAITING, State

PAGE = 50
COUNTED = 10_000
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Filters:
    """What the person chose, read from the address of the page."""

    states: tuple[str, ...] = ()
    task: str = ""
    is_mine: bool = False
    words: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        return cls(
            states=tuple(state for state in State.values if state in query.getlist("state")),
            task=query.get("task", "").replace("\x00", ""),
            is_mine=query.get("owner") == "me",
            words=query.get("q", "").replace("\x00", "").strip()[:200],
        )

    def __bool__(self) -> bool:
        return self != Filters()

    def chosen(self, user: permissions.Person) -> JobQuerySet:
        """The jobs that `user` may see and that match all filters but the states."""
        return self.among(user, permissions.jobs(user))

    def among(self, user: permissions.Person, jobs: JobQuerySet) -> JobQuerySet:
        """Those of `jobs` that match all filters but the states."""
        if self.task:
            jobs = jobs.filter(task=self.task)
        if self.is_mine:
            jobs = jobs.filter(owner=user.pk)
        return jobs.filter(_said(user, self.words)) if self.words else jobs

    def in_states(self, jobs: JobQuerySet) -> JobQuerySet:
        return jobs.filter(state__in=self.states) if self.states else jobs

    def address(self, **change: str | None) -> str:
        """The query of these filters; `state` is put in or taken out, others replaced."""
        query = QueryDict(mutable=True)
        query.setlist("state", self._states_with(change.pop("state", None)))
        owner = "me" if self.is_mine else None
        given = {"task": self.task, "owner": owner, "q": self.words} | change
        query.update({key: value for key, value in given.items() if value})
        return "?" + query.urlencode()

    def _states_with(self, state: str | None) -> list[str]:
        if state is None:
            return list(self.states)
        if state in self.states:
            return [one for one in self.states if one != state]
        return [*self.states, state]


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


def page(jobs: JobQuerySet, query: QueryDict) -> Page:
    """The page after or before the cursor in `query`, or the first one."""
    rows = jobs.select_related("owner", "schedule").defer("traceback", "checkpoint", "result")
    before, after = query.get("before"), query.get("after")
    if before:
        upward = rows.filter(_newer(before)).order_by("created_at", "id")
        found = list(upward[: PAGE + 1])
        return _page(list(reversed(found[:PAGE])), len(found) > PAGE, True)
    found = list((rows.filter(_older(after)) if after else rows)[: PAGE + 1])
    return _page(found[:PAGE], bool(after), len(found) > PAGE)


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
        return datetime.fromisoformat(at), job_id.replace("\x00", "")
    except (binascii.Error, ValueError) as error:
        raise Http404 from error


# SQLite compares moments as text, and the same one may be written with 0, 3 or 6 digits:
# so equality is "within a microsecond", which is exact on both databases.
def _older(cursor: str) -> Q:
    at, job_id = _place(cursor)
    return Q(created_at__lte=at - _INSTANT) | Q(created_at__lt=at + _INSTANT, id__lt=job_id)


def _newer(cursor: str) -> Q:
    at, job_id = _place(cursor)
    return Q(created_at__gte=at + _INSTANT) | Q(created_at__gt=at - _INSTANT, id__gt=job_id)


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


def _count(jobs: JobQuerySet) -> Counter[str]:
    return Counter(jobs.values_list("state", flat=True)[: COUNTED + 1])


def _in_order(group: Iterable[State]) -> list[State]:
    return [state for state in State if state in group]
