"""How the web is served, wherever it is served: by uvicorn, /ws included."""

from typing import Any

import uvicorn

LARGEST_FRAME_BYTES = 16_384


def serve(address: str, port: int, **more: Any) -> None:
    """Serve until told to end."""
    options: dict[str, Any] = {
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
