"""How the web is served, wherever it is served: by uvicorn, /ws included."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

LARGEST_FRAME_BYTES = 16_384
HANDSHAKE_SECONDS = 10.0


class Punctual(H11Protocol):
    """Hangs up on who connects and does not say in time what for: uvicorn itself would wait
    for the end of a first request for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        asyncio.get_running_loop().call_later(HANDSHAKE_SECONDS, self._lose_patience)

    def _lose_patience(self) -> None:
        if self.scope is None:
            self.transport.close()


def serve(address: str, port: int, **more: Any) -> None:
    """Serve until told to end."""
    options: dict[str, Any] = {
        "http": Punctual,
        "lifespan": "off",
        "access_log": False,
        "server_header": False,
        "log_level": "warning",
        "ws_max_size": LARGEST_FRAME_BYTES,
        # Compression costs 35 KB a socket; our frames are small.
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": 3,
    }
    uvicorn.run("project.asgi:application", host=address, port=port, **options | more)
