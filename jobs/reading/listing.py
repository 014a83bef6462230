"""One page of a list of jobs, and how many there are in each state."""

import base64
import binascii
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.http import Http404

from jobs import permissions
from jobs.models import Job, JobQuerySet
from jobs.states import ACTIVE, FINAL, WAITING, State

from .filters import Filters

PAGE = 50
COUNTED = 10_000
_BATCH = 200
_INSTANT = timedelta(microseconds=1)
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


class NoSuchPlace(Http404):
    """A cursor that we did not write."""


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


def every(filters: Filters, user: permissions.Person) -> Iterator[Job]:
    """All that match, newest first, however far back: they are read in batches, and for each
    it is asked anew what `user` may see."""
    place: str | None = ""
    while place is not None:
        near = filters.by_index(user, permissions.jobs(user))
        batch = page(near, after=place, size=_BATCH)
        yield from filters.matching(user, batch.jobs)
        place = batch.older


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


def counts(user: permissions.Person, filters: Filters) -> dict[str, list[StateCount]]:
    """How many jobs there are in each state that match all else. Those not ended are counted
    by indexes of their own, of those that ended the newest ten thousand, so that no history
    makes the page slow."""
    jobs = filters.in_any_state.chosen(user)
    waiting = _count(jobs.waiting().order_by(), WAITING)
    active = _count(jobs.filter(lease_expires_at__isnull=False).order_by(), ACTIVE)
    newest = jobs.filter(finished_at__isnull=False).order_by("-created_at", "-id")
    ended = _count(newest, FINAL)
    groups = {"waiting": WAITING, "active": ACTIVE, "final": FINAL}
    found, chosen = waiting | active | ended, filters.states
    cut = {s for part in (waiting, active, ended) if part.total() > COUNTED for s in part}
    return {
        name: [
            StateCount(s, found[s], s in cut, s in chosen, filters.toggled_state(s).address)
            for s in _in_order(group)
        ]
        for name, group in groups.items()
    }


def count_stalled(user: permissions.Person, filters: Filters) -> int:
    """How many of them run and say nothing, up to the bound of all counts."""
    stalled = filters.in_any_state.with_only("is", "stalled").chosen(user)
    return stalled.order_by().values("pk")[:COUNTED].count()


def _count(jobs: JobQuerySet, states: Iterable[State]) -> Counter[str]:
    """How many are in each of the only `states` that they can be in: to write a count into
    a query costs as much as to count."""
    each = {state.value: Count("pk", filter=Q(state=state)) for state in states}
    return +Counter(jobs[: COUNTED + 1].aggregate(**each))


def _in_order(group: Iterable[State]) -> list[State]:
    return [state for state in State if state in group]
