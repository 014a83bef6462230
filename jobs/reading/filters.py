"""The filters of the list of jobs: one set for the page, the API, verbs on all that match,
saved filters and what is exported."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.models import Job, JobQuerySet
from jobs.states import State

from . import conditions, grammar
from .grammar import KEYS, MOST_TERMS, Mistake, Term

SEARCHED = 10_000
"""Jobs, the newest that match all that indexes find, of which the rest is asked: even where
their parameters and errors are long, that is a fraction of a second."""
_INSTANT = timedelta(microseconds=1)
STALLED = Term("is", "stalled")


@dataclass(frozen=True)
class Filters:
    """What a person wishes for. With a mistake in it, nothing matches: it could only be
    more than was meant."""

    terms: tuple[Term, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    @classmethod
    def read(cls, text: str, named: Sequence[Term] = ()) -> "Filters":
        """A text of the search field, and terms that came by themselves. Never raises."""
        found, wrong = grammar.terms(text)
        terms = tuple(dict.fromkeys([*named, *found]))
        if len(terms) > MOST_TERMS:
            said = _("A search has at most %(n)s parts.") % {"n": MOST_TERMS}
            return cls(terms[:MOST_TERMS], (Mistake("", said),))
        told = {term: words for term in terms if (words := conditions.mistake(term))}
        wrong += [
            Mistake(str(term), words, term.key if term in named else "")
            for term, words in told.items()
        ]
        return cls(tuple(term for term in terms if term not in told), tuple(wrong))

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        """Read from the address of a page: `q`, and each key as a parameter of its own."""
        named = [
            Term(key, value)
            for key in KEYS
            for text in query.getlist(key)
            if (value := grammar.clean(text)[: grammar.LONGEST])
        ]
        stalled = [STALLED] if query.get("stalled") == "1" else []
        return cls.read(" ".join(query.getlist("q")), named + stalled)

    def __bool__(self) -> bool:
        return bool(self.terms or self.mistakes)

    @property
    def text(self) -> str:
        """As it stands in the search field, mistakes too."""
        wrong = [mistake.text for mistake in self.mistakes if mistake.text]
        return " ".join([grammar.written(self.terms), *wrong]).strip()

    @property
    def address(self) -> str:
        """As a query. It says of no filters too that none are meant."""
        return "?" + urlencode({"q": self.text}, safe=":*<>=")

    @property
    def states(self) -> frozenset[str]:
        """The states that were chosen, be it by their group."""
        return frozenset().union(*map(conditions.states, self._of_states))

    @property
    def _of_states(self) -> list[Term]:
        return [term for term in self.terms if term.key == "state" and not term.is_not]

    def has(self, key: str, value: str) -> bool:
        return Term(key, value) in self.terms

    def without(self, *terms: Term) -> "Filters":
        return replace(self, terms=tuple(term for term in self.terms if term not in terms))

    def toggled(self, key: str, value: str) -> "Filters":
        """With this term, or without it where it is there."""
        term = Term(key, value)
        without = self.without(term)
        return without if without != self else replace(self, terms=(*self.terms, term))

    def with_only(self, key: str, value: str = "") -> "Filters":
        """With this value, or none, in the place of all others of its key."""
        rest = self.without(*(term for term in self.terms if term.key == key))
        return rest.toggled(key, value) if value else rest

    def toggled_state(self, state: str) -> "Filters":
        """One state more or less; a group of them is taken apart."""
        chosen = self.states ^ {state}
        terms = [Term("state", one) for one in State.values if one in chosen]
        rest = self.in_any_state.terms
        return replace(self, terms=(*terms, *rest))

    @property
    def in_any_state(self) -> "Filters":
        """The same whatever the state, for the counts of each."""
        return self.without(*self._of_states) if self._of_states else self

    def chosen(self, user: permissions.Person) -> JobQuerySet:
        """The jobs that `user` may see and that match."""
        return self._back_to(self.reach(user), user, permissions.jobs(user))

    def among(self, user: permissions.Person, jobs: JobQuerySet) -> JobQuerySet:
        """Those of `jobs` that match; of what no index finds only the newest are asked."""
        return self._back_to(self._reach(user, jobs), user, jobs)

    def reach(self, user: permissions.Person) -> datetime | None:
        """How far back is searched of what `user` may see; None when that is all there is."""
        if user.pk not in self._reaches:
            self._reaches[user.pk] = self._reach(user, permissions.jobs(user))
        return self._reaches[user.pk]

    @cached_property
    def _reaches(self) -> dict[object, datetime | None]:
        """What was found once: it takes as long as the search itself."""
        return {}

    def _reach(self, user: permissions.Person, jobs: JobQuerySet) -> datetime | None:
        """When the last of the newest `SEARCHED` was asked for, if there are more."""
        if self.mistakes or not self._unindexed:
            return None
        moments: Any = self.by_index(user, jobs).values_list("created_at", flat=True)
        found = [*moments[SEARCHED - 1 : SEARCHED + 1]]
        return found[0] if len(found) > 1 else None

    def _back_to(
        self, reach: datetime | None, user: permissions.Person, jobs: JobQuerySet
    ) -> JobQuerySet:
        found = self.by_index(user, jobs)
        if reach:
            found = found.filter(created_at__gte=reach)
        return found.filter(conditions.condition(self._unindexed, user))

    def further(self, reach: datetime) -> "Filters":
        """The same in what is older."""
        return self.with_only("until", (reach + _INSTANT).isoformat())

    def by_index(self, user: permissions.Person, jobs: JobQuerySet) -> JobQuerySet:
        """Those of `jobs` that indexes find: no others match, but not all of them do."""
        if self.mistakes:
            return jobs.none()
        indexed = [term for term in self.terms if conditions.is_indexed(term)]
        if any(term.key == "waiting" and not term.is_not for term in self.terms):
            jobs = jobs.filter(conditions.PENDING)
        return jobs.filter(conditions.condition(indexed, user))

    def matching(self, user: permissions.Person, jobs: list[Job]) -> list[Job]:
        """Those of a few, which indexes found, that match."""
        if not self._unindexed:
            return jobs
        asked = Job.objects.filter(pk__in=[job.pk for job in jobs])
        found = asked.filter(conditions.condition(self._unindexed, user))
        kept = {*found.values_list("pk", flat=True)}
        return [job for job in jobs if job.pk in kept]

    @cached_property
    def _unindexed(self) -> list[Term]:
        return [term for term in self.terms if not conditions.is_indexed(term)]
