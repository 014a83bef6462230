"""The one consumer: every socket, whatever it watches.

A plain ASGI application rather than a Channels consumer: those send each message through
one global thread, and one slow query then stalls every socket of the process.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.db import Error as DatabaseError
from django.utils import translation

from jobs.permissions import Person

from .admission import (
    Credential,
    Scope,
    as_request,
    credential,
    may_come_from_here,
    person_of,
)
from .limits import HANDSHAKE_SECONDS, seat
from .socket import Socket
from .threads import in_thread, take_lane

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

SESSION_ENDED, GONE, TOO_MANY, TRY_AGAIN = 4401, 4404, 4429, 1013


async def consumer(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one socket. A foreign page gets HTTP 403; all others an accepted socket, since
    only that can say why it closes: 4401 to who is not signed in."""
    await receive()
    if not may_come_from_here(scope):
        await send({"type": "websocket.close"})
        return
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            given, person = await in_thread(_admit, scope)
    except (TimeoutError, DatabaseError):
        return await _close(send, TRY_AGAIN)
    if person is None:
        return await _close(send, SESSION_ENDED)
    with seat(person.pk) as is_free:
        if not is_free:
            return await _close(send, TOO_MANY)
        take_lane(person.pk)
        # Of this socket alone: each is served in a context of its own.
        translation.activate(translation.get_language_from_request(as_request(scope)))
        await send({"type": "websocket.accept"})
        await Socket(given, person, send).serve(receive)


def _admit(scope: Scope) -> tuple[Credential, Person | None]:
    given = credential(scope)
    return given, person_of(given)


async def _close(send: Send, code: int) -> None:
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code})


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """Any other address: closed with 4404, where a router would raise."""
    await receive()
    await _close(send, GONE)
