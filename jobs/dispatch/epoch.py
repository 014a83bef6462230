"""Whether the broker still is the one that holds our messages.

On Redis a key of ours together with the run id: a restart without data, a flush and a
fail-over change one of them. RabbitMQ has no such place, but nobody loses its data and
keeps our connection: one that is held open for nothing else tells. After a loss whatever
nobody took must be rung again.
"""

import uuid
from typing import Any

from kombu.exceptions import OperationalError

KEY = "batuta:epoch"
_seen: Any = None


def broker_lost_its_data(app: Any) -> bool:
    """True once after each loss that shows, or that may be: on RabbitMQ a connection that
    broke for another reason counts too. Errors of the broker count as none."""
    global _seen
    with app.connection_for_write() as connection:
        read = {"redis": _key, "amqp": _open_connection}.get(connection.transport.driver_type)
        if read is None:
            return False
        try:
            now = read(connection)
        except (OperationalError, *connection.connection_errors, *connection.channel_errors):
            return False
    lost = _seen is not None and now != _seen
    _seen = now
    return lost


def _key(connection: Any) -> tuple[str, str]:
    client = connection.channel().client
    client.set(KEY, str(uuid.uuid4()), nx=True)
    epoch = client.get(KEY)
    return epoch.decode(), str(client.info("server")["run_id"])


def _open_connection(connection: Any) -> Any:
    """The one that was open at the last look, or, where it is lost, another one."""
    if _seen is not None and _is_open(_seen):
        return _seen
    return connection.clone().connect()


def _is_open(connection: Any) -> bool:
    try:
        connection.channel().close()
    except (*connection.connection_errors, *connection.channel_errors):
        connection.collect()
        return False
    return True
