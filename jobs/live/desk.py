"""One group for many: hands each listener what one of its keys names, and nothing else."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from weakref import WeakKeyDictionary

from .hearing import Listener, of_this_loop
from .messages import Message


class Desk:
    """Hears a group for all sockets of an event loop; take it from `desk_of`."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._hearing = of_this_loop()
        self._listeners: dict[str, set[Listener]] = {}

    async def join(self, listener: Listener, keys: Iterable[str]) -> None:
        """From now on `listener` hears what carries one of `keys`; of what carries several
        of them it may hear several times."""
        for key in keys:
            self._listeners.setdefault(key, set()).add(listener)
        await self._hearing.join(self._group, self)

    async def leave(self, listener: Listener, keys: Iterable[str]) -> None:
        for key in keys:
            listeners = self._listeners.get(key, set())
            listeners.discard(listener)
            if not listeners:
                self._listeners.pop(key, None)
        if not self._listeners:
            await self._hearing.leave(self._group, self)

    def hear(self, messages: list[Message]) -> None:
        for key, said in self._by_key(messages).items():
            for listener in tuple(self._listeners[key]):
                listener.hear(said)

    def _by_key(self, messages: list[Message]) -> dict[str, list[Message]]:
        """So that a thousand changes are one call for each listener."""
        found: defaultdict[str, list[Message]] = defaultdict(list)
        for message in messages:
            for key in message["keys"]:
                if key in self._listeners:
                    found[key].append(message)
        return found


_desks: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Desk]]" = WeakKeyDictionary()


def desk_of(group: str) -> Desk:
    """The one desk of the running event loop for this group."""
    desks = _desks.setdefault(asyncio.get_running_loop(), {})
    if group not in desks:
        desks[group] = Desk(group)
    return desks[group]
