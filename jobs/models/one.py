"""The job of one attempt, and the changes that every job goes through."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

from jobs.states import State

from .job import Job
from .queryset import JobQuerySet, moved
from .statement import MOST_KEPT, Shape, Statement, shape, slots, update

Choose: TypeAlias = Callable[..., JobQuerySet]


class OneJob:
    """A job chosen by the values of some columns, which `choose` takes by their names. It
    is changed as a `JobQuerySet` changes it, but with SQL that is written only once."""

    def __init__(self, choose: Choose, **columns: Any) -> None:
        self._choose = choose
        self._columns = columns

    def move_returning(self, to: State, fields: tuple[str, ...], **changes: Any) -> list[Job]:
        changes = moved(to, changes)
        statement = _kept(self._choose, to, fields, shape(self._columns), shape(changes))
        return statement.run(self._columns, changes)


@lru_cache(MOST_KEPT)
def _kept(
    choose: Choose, to: State, fields: tuple[str, ...], chosen_by: Shape, changed: Shape
) -> Statement:
    chosen = choose(**slots(Job, 0, chosen_by)).source_of(to)
    return update(chosen, slots(Job, 1, changed), fields)
