"""Ask for many jobs of one task: in portions, so that memory stays as it is."""

from collections.abc import Iterable, Iterator, Mapping
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
    lot = Lot(task, by=by, **wish)
    given = iter(params)
    ids: list[str] = []
    while portion := list(islice(given, PORTION)):
        ids += _asked(lot, portion, len(ids))
    return ids


def _asked(lot: "Lot", portion: list[Mapping[str, Any]], begin: int) -> list[str]:
    jobs: list[Job] = []
    try:
        for job in lot.drafted(portion):
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
    """Jobs of one task that are asked for in the same way."""

    def __init__(self, task: Any, *, by: Any = None, **wish: Any) -> None:
        self.definition = registry.get(getattr(task, "name", task))
        self.wish = Wish(**wish)
        self.wish.tags = list(self.wish.tags)
        self._columns = lineage() | {
            "owner_id": caller_id() if by is None else by.pk,
            "ignore_result": self.definition.ignore_result,
        }

    @property
    def is_told_apart(self) -> bool:
        """Whether one of them may be like another one; known with the first draft."""
        return self.wish.rule is not None

    def drafted(self, portion: Iterable[Mapping[str, Any]]) -> Iterator[Job]:
        """A row for each, not stored yet; what holds for all is found out once. Raises
        Invalid at the first that cannot be."""
        name, parameters = self.definition.name, self.definition.parameters
        pattern = None
        for given in portion:
            params = parameters.store(parameters.validate(given), _refuse_file)
            if pattern is None:
                pattern = draft(name, self.wish, params=params, **self._columns)
                pattern.created_at = timezone.now()
                yield pattern
            else:
                keys = columns_of(name, params, pattern.owner_id)
                yield pattern.like(id=new_id(), params=params, **keys)


def _refuse_file(upload: "UploadedFile[Any]") -> NoReturn:
    raise Invalid({"": [_("Files are given to one job at a time.")]})
