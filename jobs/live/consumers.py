"""The one consumer: every socket, whatever it watches.

A plain ASGI application rather than a Channels consumer: those send each message through
one global thread, and one slow query then stalls every socket of the process.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from .admission import Scope, may_come_from_here, visitor
from .socket import Socket
from .threads import in_thread

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

SESSION_ENDED = 4401
GONE = 4404


async def consumer(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one socket. A foreign page gets HTTP 403; who is not signed in a socket that
    closes with 4401, since only an accepted socket can say why it closes."""
    await receive()
    if not may_come_from_here(scope):
        await send({"type": "websocket.close"})
        return
    person = await in_thread(visitor, scope)
    await send({"type": "websocket.accept"})
    if person is None:
        await send({"type": "websocket.close", "code": SESSION_ENDED})
        return
    await Socket(scope, person, send).serve(receive)


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """Any other address: closed with 4404, where a router would raise."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": GONE})
