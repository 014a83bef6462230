"""One open socket: hears its client, sends what its outbox holds, looks again who may."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias

from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from jobs.permissions import Person

from . import commands, limits, messages
from .admission import Credential
from .company import Findings, Wish, company_of
from .feed import Feed
from .hearing import of_this_loop
from .limits import FRAME_MAX_BYTES, MALFORMED_IN_A_ROW, SUBSCRIPTIONS_PER_SOCKET, Bucket
from .outbox import Outbox
from .sight import TOPICS
from .watch import Watch

log = logging.getLogger(__name__)

Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

MALFORMED, SESSION_ENDED, NO_PERMISSION, GONE = 4400, 4401, 4403, 4404
IDLE, TOO_MUCH, TOO_LARGE = 4408, 4429, 1009

FAREWELL_SECONDS = 10.0
"""How long a slow reader has to take what is left before the line is cut."""


class Socket:
    """From accept to close."""

    def __init__(self, credential: Credential, person: Person, send: Send) -> None:
        self._credential = credential
        self._person = person
        self._send = send
        self._outbox = Outbox()
        self._hearing = of_this_loop()
        self._watches: dict[str, Watch | Feed] = {}
        self._company = company_of(person.pk)
        self._in_question: list[Watch | Feed] = []
        self._told: tuple[Findings | None, list[Watch | Feed]] = (None, [])
        self._is_told = asyncio.Event()
        self._busy_at = asyncio.get_running_loop().time()
        self._bucket = Bucket()
        self._malformed = 0
        self._knows_of_silence = False

    async def serve(self, receive: Receive) -> None:
        """Run until the client goes or has to go."""
        self._hearing.audience.add(self)
        parts = (self._hear(receive), self._speak(), self._give_up(), self._look_again())
        work = [asyncio.create_task(part) for part in parts]
        try:
            done, _rest = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._stop(work)
        code = next(iter(done)).result()
        if code is not None:
            await self._farewell(code)

    async def _stop(self, work: list[asyncio.Task[int | None]]) -> None:
        self._hearing.audience.discard(self)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        for watch in tuple(self._watches.values()):
            await watch.end()
        await self._company.leave(self)

    async def _farewell(self, code: int) -> None:
        """The last words and the close code. A reader who takes neither is cut off."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                if code == TOO_MUCH:
                    await self._send_text(messages.encode(messages.resync()))
                await self._outbox.empty(self._send_text)
                await self._send({"type": "websocket.close", "code": code})

    # --- Its four tasks: the first that ends, ends the socket with its close code ----------

    async def _hear(self, receive: Receive) -> int | None:
        while (event := await receive())["type"] != "websocket.disconnect":
            text = event.get("text")
            self._note_life()
            if len(text or event.get("bytes") or "") > FRAME_MAX_BYTES:
                return TOO_LARGE
            if not self._bucket.take():
                return TOO_MUCH
            if not await self._understands(text):
                return MALFORMED
        return None

    async def _speak(self) -> int | None:
        with suppress(OSError):  # the client went away in the middle of a message
            await self._outbox.deliver(self._send_text)
        return None

    async def _give_up(self) -> int | None:
        await self._outbox.overflow()
        return TOO_MUCH

    async def _look_again(self) -> int | None:
        self._company.join(self)
        while not self._is_idle():
            await self._is_told.wait()
            self._is_told.clear()
            findings, watches = self._told
            try:
                code = await self._heed(findings, watches) if findings else None
            except DatabaseError as failure:
                log.warning("What a socket watches could not be read: %s", failure)
                continue
            if code is not None:
                return code
        return IDLE

    def _is_idle(self) -> bool:
        return asyncio.get_running_loop().time() - self._busy_at > limits.IDLE_SECONDS

    def _note_life(self) -> None:
        self._busy_at = asyncio.get_running_loop().time()

    async def _send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})
        self._note_life()

    # --- Commands --------------------------------------------------------------------------

    async def _understands(self, text: str | None) -> bool:
        """Obey a frame; False when the client has not spoken the protocol for long."""
        try:
            command = commands.read(text)
        except commands.Malformed as failure:
            self._malformed += 1
            self._say_error(400, str(failure))
            return self._malformed < MALFORMED_IN_A_ROW
        self._malformed = 0
        await self._obey(command)
        return True

    async def _obey(self, command: commands.Command) -> None:
        match command:
            case commands.Ping():
                self._say(messages.pong())
            case commands.Unsubscribe(topic):
                await self._unsubscribe(topic)
            case commands.Subscribe():
                await self._subscribe(command)

    async def _subscribe(self, command: commands.Subscribe) -> None:
        topic = command.topic
        await self._unsubscribe(topic)
        if len(self._watches) >= SUBSCRIPTIONS_PER_SOCKET:
            self._say_error(429, _("This socket watches too much already."), topic)
            return
        watch = self._watch_of(topic)
        if watch is None:
            self._say_unseen(topic)
            return
        self._watches[topic] = watch
        try:
            if not await watch.begin(self._person, command):
                await self._unsubscribe(topic)
                self._say_unseen(topic)
        except DatabaseError as failure:
            log.warning("A subscription failed: %s", failure)
            await self._unsubscribe(topic)
            self._say_error(503, _("The database does not answer; try again."), topic)
        if self._hearing.is_deaf:
            self.line_lost()

    def _watch_of(self, topic: str) -> Watch | Feed | None:
        if topic in TOPICS:
            return Feed(topic, self._outbox)
        kind, _colon, job_id = topic.partition(":")
        return Watch(topic, job_id, self._outbox) if kind == "job" else None

    async def _unsubscribe(self, topic: str) -> None:
        watch = self._watches.pop(topic, None)
        if watch is not None:
            await watch.end()

    # --- Who may, again ----------------------------------------------------------------------

    def wish(self) -> Wish:
        # One that has not begun yet may be a stranger's: what it is told is not said here.
        self._in_question = [watch for watch in self._watches.values() if watch.has_begun]
        jobs = (each.job_id for each in self._in_question if isinstance(each, Watch))
        topics = (each.topic for each in self._in_question if isinstance(each, Feed))
        return Wish(self._credential, frozenset(jobs), frozenset(topics))

    def tell(self, findings: Findings | None) -> None:
        self._told = findings, self._in_question
        self._is_told.set()

    async def _heed(self, findings: Findings, watches: list[Watch | Feed]) -> int | None:
        """Drop what may not be seen any more; the close code when nothing is left."""
        person = findings.people[self._credential]
        if person is None:
            return SESSION_ENDED
        self._person = person
        code = None
        for watch in watches:
            sees = await watch.look_again(person, findings)
            if not sees and self._watches.get(watch.topic) is watch:  # not left meanwhile
                code = await self._drop(watch)
        return code if not self._watches else None

    async def _drop(self, watch: Watch | Feed) -> int:
        is_there = await watch.is_there()
        await self._unsubscribe(watch.topic)
        if is_there:
            self._say_error(403, _("You may not see this any more."), watch.topic)
            return NO_PERMISSION
        self._say_error(404, _("This is gone."), watch.topic)
        return GONE

    # --- Words -------------------------------------------------------------------------------

    def line_lost(self) -> None:
        if not self._knows_of_silence:
            self._knows_of_silence = True
            self._say_error("live_off", _("Live messages are off; ask again now and then."))

    def line_restored(self) -> None:
        self._knows_of_silence = False
        self._say(messages.resync())
        self._company.call()  # what was said of rights meanwhile is lost

    def _say_unseen(self, topic: str) -> None:
        """Absent and forbidden look the same."""
        self._say_error(404, _("There is no such thing, or you may not see it."), topic)

    def _say_error(self, code: messages.Code, detail: str, topic: str | None = None) -> None:
        self._say(messages.error(code, detail, topic))

    def _say(self, message: messages.Message) -> None:
        self._outbox.put(messages.encode(message))
