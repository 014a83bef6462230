"""The sockets of one person in this process: who may, and what they may see by now, is asked
of the database once for all of them."""

import asyncio
import logging
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

from django.db import Error as DatabaseError

from jobs import permissions
from jobs.permissions import Person

from .admission import Credential, person_of
from .desk import desk_of
from .groups import RIGHTS
from .messages import Message
from .reading import Standing, standings
from .sight import EVERYBODY, key_of_person, keys_of_reader
from .threads import in_thread

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 25.0
"""How often it is looked at again who may, when nobody says that it changed."""

SOON_SECONDS = 0.5
"""Within what time it is looked at when somebody does: not for all people at once."""

SECOND_LOOK_SECONDS = 0.8
"""After such a look comes a second: Django tells of a logout before it ends the session."""


@dataclass(frozen=True)
class Wish:
    """What one socket has to know in order to go on."""

    credential: Credential
    job_ids: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Findings:
    """What the database says of all that was wished for, at one moment."""

    people: dict[Credential, Person | None]
    """Whom each credential stands for; None: for this person no longer."""

    standings: dict[str, Standing] = field(default_factory=dict)
    """Where those of the jobs stand that the person may still see."""

    keys: dict[str, frozenset[str]] = field(default_factory=dict)
    """By which the person hears each topic."""


class Member(Protocol):
    """A socket. Must return at once."""

    def wish(self) -> Wish: ...

    def tell(self, findings: Findings | None) -> None: ...


def look(pk: Any, wishes: Iterable[Wish]) -> Findings:
    """One question for each session or token, one for all jobs and one for all feeds."""
    wishes = list(wishes)
    found = {each: person_of(each) for each in {wish.credential for wish in wishes}}
    people = {each: who if who and who.pk == pk else None for each, who in found.items()}
    there = [who for who in people.values() if who is not None]
    if not there:
        return Findings(people)
    job_ids = frozenset[str]().union(*(wish.job_ids for wish in wishes))
    topics = frozenset[str]().union(*(wish.topics for wish in wishes))
    with permissions.asked_once():
        keys = {topic: keys_of_reader(topic, there[0]) for topic in topics}
        return Findings(people, standings(there[0], [*job_ids]) if job_ids else {}, keys)


class Company:
    """Of one person; take it from `company_of`."""

    def __init__(self, pk: Any) -> None:
        self._pk = pk
        self._members: set[Member] = set()
        self._desk = desk_of(RIGHTS)
        self._keys = (EVERYBODY, key_of_person(pk))
        self._is_called = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def join(self, member: Member) -> None:
        """From now on `member` is told all that is found."""
        self._members.add(member)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_again())

    async def leave(self, member: Member) -> None:
        self._members.discard(member)
        if self._looking is not None and not self._members:
            self._looking.cancel()
            self._looking = None
            await self._desk.leave(self, self._keys)

    def hear(self, said: list[Message]) -> None:
        """Rights have changed: those of this person, or anybody's."""
        self.call()

    def call(self) -> None:
        """Look again soon."""
        self._is_called.set()

    async def _look_again(self) -> None:
        await self._desk.join(self, self._keys)
        pause = LOOK_AGAIN_SECONDS
        while True:
            was_called = await self._called(within=pause * random.uniform(0.8, 1.0))
            pause = SECOND_LOOK_SECONDS if was_called else LOOK_AGAIN_SECONDS
            wishes = {member: member.wish() for member in self._members}
            findings = await self._found([*wishes.values()])
            for member in wishes.keys() & self._members:
                member.tell(findings)

    async def _found(self, wishes: list[Wish]) -> Findings | None:
        try:
            return await in_thread(look, self._pk, wishes)
        except DatabaseError as failure:
            log.warning("Who may watch could not be looked up: %s", failure)
        except Exception:  # nobody else would ever look again
            log.exception("Who may watch could not be looked up.")
        return None

    async def _called(self, within: float) -> bool:
        """Wait so long, or until somebody says that rights have changed; whether they did."""
        try:
            async with asyncio.timeout(within):
                await self._is_called.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(random.uniform(0, SOON_SECONDS))
        self._is_called.clear()
        return True


_Companies = WeakValueDictionary[Any, Company]
_companies: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Companies]" = WeakKeyDictionary()


def company_of(pk: Any) -> Company:
    """The one of this person in the running event loop, for as long as somebody holds it."""
    companies = _companies.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    company = companies.get(pk) or Company(pk)
    companies[pk] = company
    return company
