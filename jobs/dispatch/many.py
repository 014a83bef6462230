"""Ask for many jobs of one task: in portions, so that memory stays as it is."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NoReturn

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import registry
from jobs.models import Job, new_id
from jobs.params import Invalid

from .caller import caller_id, lineage
from .enqueue import Wish, alone, draft, insert_many
from .keys import columns_of
from .loop import beside_the_loop

PORTION = 1_000
"""So many jobs are one INSERT, and one transaction where the caller has none open."""


class InvalidOne(Invalid):
    """One of many cannot be: the errors are those of `<number>.<parameter>`."""

    def __init__(self, number: int, wrong: Invalid) -> None:
        self.number = number
        fields = {f"{number}.{name}".rstrip("."): told for name, told in wrong.fields.items()}
        super().__init__(fields)


@beside_the_loop
def enqueue_many(
    task: Any, params: Iterable[Mapping[str, Any]], *, by: Any = None, **wish: Any
) -> list[str]:
    """Ask for a job of `task` for each of `params`; their ids, in the same order.

    `task`, `by` and `wish` are those of `enqueue`, and hold for all. What is given is taken
    from `params` in portions of 1000, each of them a transaction of its own: do it inside
    `transaction.atomic()` for all or none. Raises `registry.UnknownTask`, and InvalidOne
    for the first that cannot be; all before that one are asked for then.
    """
    definition = registry.get(getattr(task, "name", task))
    one_wish = Wish(**wish)
    one_wish.tags = list(one_wish.tags)
    given = iter(params)
    ids: list[str] = []
    while portion := list(islice(given, PORTION)):
        ids += _asked(Lot(definition.name, one_wish, by), portion, len(ids))
    return ids


def _asked(lot: "Lot", portion: list[Mapping[str, Any]], begin: int) -> list[str]:
    jobs: list[Job] = []
    try:
        for given in portion:
            job = lot.drafted(given)
            # One that may be like another is there before the next one is looked at.
            jobs.append(alone(job, lot.wish) if lot.is_told_apart else job)
    except Invalid as wrong:
        raise InvalidOne(begin + len(jobs), wrong) from None
    finally:
        if not lot.is_told_apart:
            with transaction.atomic():
                insert_many(jobs)
    return [job.pk for job in jobs]


class Lot:
    """Jobs of one task that are asked for in the same way, within a moment: what holds for
    all of them is found out once."""

    def __init__(self, task: str, wish: Wish, by: Any) -> None:
        self._definition = registry.get(task)
        self.wish = wish
        self._owner_id = caller_id() if by is None else by.pk
        self._pattern: Job | None = None

    @property
    def is_told_apart(self) -> bool:
        """Whether one of them may be like another one; known with the first draft."""
        return self.wish.rule is not None

    def drafted(self, given: Mapping[str, Any]) -> Job:
        """The row of one of them, not stored yet; raises Invalid."""
        task, parameters = self._definition.name, self._definition.parameters
        params = parameters.store(parameters.validate(given), _refuse_file)
        if self._pattern is None:
            self._pattern = self._first(params)
            return self._pattern
        keys = columns_of(task, params, self._owner_id)
        return self._pattern.like(id=new_id(), params=params, **keys)

    def _first(self, params: dict[str, Any]) -> Job:
        columns = lineage() | {
            "owner_id": self._owner_id,
            "ignore_result": self._definition.ignore_result,
            "created_at": timezone.now(),
        }
        return draft(self._definition.name, self.wish, params=params, **columns)


def _refuse_file(upload: "UploadedFile[Any]") -> NoReturn:
    raise Invalid({"": [_("Files are given to one job at a time.")]})
