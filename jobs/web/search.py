"""The search field of the list: what is set as chips, what is typed, what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from jobs import permissions
from jobs.models import SavedFilter
from jobs.models.saved import MOST_SAVED
from jobs.reading import grammar
from jobs.reading.filters import SEARCHED, Filters
from jobs.reading.grammar import LONGEST, Term


@dataclass(frozen=True)
class Chip:
    """A filter that is set, and the list without it."""

    term: Term
    without: str


@dataclass(frozen=True)
class Kept:
    """A saved filter, where it leads, and whether that is here."""

    row: SavedFilter
    address: str
    is_current: bool


@dataclass(frozen=True)
class Search:
    filters: Filters
    user: permissions.Person
    longest: int = LONGEST
    searched: int = SEARCHED

    @property
    def chips(self) -> list[Chip]:
        return [Chip(term, self.filters.without(term).address) for term in self._set]

    @property
    def kept(self) -> str:
        """What the chips say, to be sent along with what is typed."""
        return grammar.written(self._set)

    @property
    def typed(self) -> str:
        """Words, and what could not be understood, to be put right."""
        words = [str(term) for term in self.filters.terms if not term.key]
        wrong = [mistake.text for mistake in self.filters.mistakes]
        return " ".join(filter(None, words + wrong))

    @property
    def _set(self) -> list[Term]:
        return [term for term in self.filters.terms if term.key]

    @property
    def is_mine(self) -> bool:
        return self.filters.has("owner", "me")

    @property
    def mine(self) -> str:
        return self.filters.with_only("owner", "me").address

    @property
    def everybodys(self) -> str:
        return self.filters.with_only("owner").address

    @property
    def is_stalled(self) -> bool:
        return self.filters.has("is", "stalled")

    @property
    def stalled(self) -> str:
        return self.filters.toggled("is", "stalled").address

    @cached_property
    def saved(self) -> list[Kept]:
        """The filters that this person is offered by name."""
        rows = SavedFilter.objects.offered(self.user)[:MOST_SAVED]
        here = self.filters.address
        kept = [(row, Filters.read(row.text).address) for row in rows]
        return [Kept(row, address, address == here) for row, address in kept]

    @cached_property
    def reach(self) -> datetime | None:
        """How far back was searched; None when that is all there is."""
        return self.filters.reach(self.user)

    @property
    def further(self) -> str:
        """The same search in what is older."""
        return self.filters.further(self.reach).address if self.reach else ""
