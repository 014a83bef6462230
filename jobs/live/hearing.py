"""What one web process hears: one channel of the layer for all its sockets.

A message comes in once and is handed to every local listener, so that Redis and the
process pay per message, not per socket. The process proves to itself, every
`PROOF_SECONDS`, that it still hears; whenever it may have missed something it opens the
line anew and tells its sockets to synchronise.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

from channels.layers import channel_layers
from redis import RedisError

from jobs.conf import configuration

from .groups import group_of_process
from .messages import Message
from .wire import KIND, opened

log = logging.getLogger(__name__)
T = TypeVar("T")

PROOF_SECONDS = 20.0
PATIENCE_SECONDS = 2.0
"""How long Redis may take for anything before it counts as gone."""

LOOK_SECONDS = 0.5
"""How often the state of the connection is looked at; costs no network."""

# RuntimeError: a channel or connection of the layer that was closed under a call.
_FAILURES = (RedisError, OSError, TimeoutError, RuntimeError)


class Listener(Protocol):
    """Hears what is said in one group. Must return at once."""

    def hear(self, messages: list[Message]) -> None: ...


class Audience(Protocol):
    """A socket, told of the state of the line itself. Must return at once."""

    def line_lost(self) -> None: ...

    def line_restored(self) -> None: ...


class Hearing:
    """The ear of one event loop; take it from `of_this_loop()`."""

    def __init__(self) -> None:
        self.is_deaf = True
        self.audience: set[Audience] = set()
        self._listeners: dict[str, set[Listener]] = {}
        self._joined: set[str] = set()
        self._fences: dict[str, asyncio.Future[None]] = {}
        self._own_group = group_of_process(uuid.uuid4().hex)
        self._layer = channel_layers.make_backend(configuration().channel_layer)
        self._channel = ""
        self._connections: list[Any] = []
        self._was_interrupted = False
        self._proven_at = 0.0
        self._beginning = asyncio.Lock()
        self._going: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def join(self, group: str, listener: Listener) -> None:
        """From the return of this call on, `listener` hears all that is published in
        `group`; or the process is deaf, and the audience is told when it hears again."""
        self._listeners.setdefault(group, set()).add(listener)
        await self._to_its_end(self._join(group))

    async def _join(self, group: str) -> None:
        await self._begin()
        if not self.is_deaf and group not in self._joined:
            try:
                await self._add([group])
            except _FAILURES as failure:
                self._lose(failure)

    async def leave(self, group: str, listener: Listener) -> None:
        """`listener` hears nothing more of `group`."""
        listeners = self._listeners.get(group, set())
        listeners.discard(listener)
        if listeners:
            return
        self._listeners.pop(group, None)
        await self._to_its_end(self._leave(group))

    async def _to_its_end(self, call: Coroutine[Any, Any, None]) -> None:
        """A socket that is closed meanwhile waits no longer, but the call goes on: the line
        is everybody's, and a library on the way that swallows the cancellation would keep
        the socket open for ever."""
        going = asyncio.create_task(call)
        self._going.add(going)
        going.add_done_callback(self._going.discard)
        await asyncio.shield(going)

    async def _leave(self, group: str) -> None:
        came_back = group in self._listeners
        if group in self._joined and not came_back and not self.is_deaf:
            self._joined.discard(group)
            try:
                await _soon(self._layer.group_discard(group, self._channel))
            except _FAILURES as failure:
                self._lose(failure)

    async def _begin(self) -> None:
        async with self._beginning:
            if self._watching is None:
                await self._try_to_open()
                self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Exception as failure:  # nobody else would ever open the line again
                log.exception("The channel layer behaves oddly.")
                self._lose(failure)

    async def _look(self) -> None:
        if self.is_deaf:
            await self._reopen()
        elif not self._is_connected():
            self._lose(ConnectionError("the connection was interrupted"))
        elif time.monotonic() - self._proven_at > PROOF_SECONDS:
            await self._prove()

    async def _reopen(self) -> None:
        await self._try_to_open()
        if not self.is_deaf:
            log.info("Live messages are heard again.")
            for socket in tuple(self.audience):
                socket.line_restored()

    async def _prove(self) -> None:
        try:
            await self._fence(self._own_group)
        except _FAILURES as failure:
            self._lose(failure)

    def _lose(self, failure: BaseException) -> None:
        if not self.is_deaf:
            self.is_deaf = True
            log.warning("Live messages are not heard: %r", failure)
            for socket in tuple(self.audience):
                socket.line_lost()

    async def _try_to_open(self) -> None:
        try:
            await self._open()
        except _FAILURES as failure:
            log.debug("The channel layer does not open: %s", failure)

    async def _open(self) -> None:
        """A new channel, in all groups that have listeners, and proof that it hears."""
        await _soon(self._layer.flush())
        self._joined.clear()
        self._channel = await _soon(self._layer.new_channel())
        self._listen()
        await self._add([self._own_group])
        while missing := self._listeners.keys() - self._joined:
            await self._add(list(missing))
        await self._notice_interruptions()
        self.is_deaf = False

    async def _add(self, groups: list[str]) -> None:
        for group in groups:
            await _soon(self._layer.group_add(group, self._channel))
        # One connection keeps its order: who hears the last group hears the others.
        await self._fence(groups[-1])
        self._joined.update(groups)

    async def _fence(self, group: str) -> None:
        """Wait until a message to `group` has come back: Redis has no other word for
        "your subscription counts from now on". Raises TimeoutError."""
        token = uuid.uuid4().hex
        heard = self._fences[token] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not heard.done():
                    message = {"type": "jobs.fence", "token": token}
                    await self._layer.group_send(group, message)
                    await asyncio.wait([heard], timeout=0.05)
        finally:
            del self._fences[token]
        self._proven_at = time.monotonic()

    async def _notice_interruptions(self) -> None:
        # The layer reconnects by itself and tells nobody that messages were lost meanwhile
        # (its `on_reconnect` is never called), so the connections themselves are asked.
        shards = getattr(self._layer, "_shards", ())
        self._connections = [shard._pubsub.connection for shard in shards if shard._pubsub]
        self._was_interrupted = False
        for connection in self._connections:
            connection.register_connect_callback(self._connected_again)

    async def _connected_again(self, connection: Any) -> None:
        self._was_interrupted = True

    def _is_connected(self) -> bool:
        return not self._was_interrupted and all(c.is_connected for c in self._connections)

    def _listen(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
        self._listening = asyncio.create_task(self._receive(self._channel))

    async def _receive(self, channel: str) -> None:
        while True:
            try:
                self._hand_on(await self._layer.receive(channel))
            except Exception:  # one odd message must not make the process deaf
                log.exception("A message from the channel layer could not be handed on.")
                await asyncio.sleep(0.01)

    def _hand_on(self, message: Message) -> None:
        if message.get("type") == "jobs.fence":
            heard = self._fences.get(message["token"])
            if heard is not None and not heard.done():
                heard.set_result(None)
        elif message.get("type") == KIND:
            said = opened(message)
            for listener in tuple(self._listeners.get(message["group"], ())):
                listener.hear(said)


async def _soon(call: Awaitable[T]) -> T:
    # Not `wait_for`: before Python 3.12 it swallows a cancellation that comes as `call` ends,
    # and a socket that was flooded as it opened then never closed.
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await call


_hearings: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hearing]" = WeakKeyDictionary()


def of_this_loop() -> Hearing:
    """The one hearing of the running event loop."""
    loop = asyncio.get_running_loop()
    with suppress(KeyError):
        return _hearings[loop]
    return _hearings.setdefault(loop, Hearing())
