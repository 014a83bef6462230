"""Whether the broker still is the one that holds our messages.

A key of ours together with Redis' run id: a restart without data, a flush and a
fail-over change one of them, and then whatever nobody took must be rung again.
"""

import uuid
from typing import Any

from kombu.exceptions import OperationalError

KEY = "batuta:epoch"
_seen: tuple[str, str] | None = None


def broker_lost_its_data(app: Any) -> bool:
    """True once after each loss that shows, on Redis. Other brokers keep messages over
    a restart; the ring-again backstop covers them. Errors of the broker count as none."""
    global _seen
    with app.connection_for_write() as connection:
        if connection.transport.driver_type != "redis":
            return False
        try:
            now = _read(connection.channel().client)
        except (OperationalError, *connection.connection_errors, *connection.channel_errors):
            return False
    lost = _seen is not None and now != _seen
    _seen = now
    return lost


def _read(client: Any) -> tuple[str, str]:
    client.set(KEY, str(uuid.uuid4()), nx=True)
    epoch = client.get(KEY)
    return epoch.decode(), str(client.info("server")["run_id"])
