"""Doorbells are not entered in the broker's book of unacknowledged messages.

kombu's Redis transport writes down each message when it comes and strikes it out when it
is acknowledged: two round trips, for which the main process of a worker spends more than
for all else. That saves what a killed worker had in its hands, after the visibility
timeout. Our rows are rung again long before. A message of another program, which has no
row yet, is written down as ever.
"""

import logging
from typing import Any

from kombu.transport import redis, virtual

from jobs.dispatch.message import HEADER

logger = logging.getLogger(__name__)

IN_MEMORY: Any = virtual.QoS
WRITTEN_DOWN: Any = redis.QoS


class QoS(WRITTEN_DOWN):
    def append(self, message: Any, delivery_tag: str) -> None:
        _book_of(message).append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        _book_of(self._delivered.get(delivery_tag)).ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        message = self._delivered.get(delivery_tag)
        if _book_of(message) is WRITTEN_DOWN:
            super().reject(delivery_tag, requeue=requeue)
            return
        if requeue:
            self._put_back(message)
        IN_MEMORY.ack(self, delivery_tag)

    def restore_unacked(self, client: Any = None) -> None:
        """At an orderly end, what was not begun goes back into its queue."""
        if self.channel.connection.client is None:
            # Its connection broke and was taken apart: kombu would read the address of none,
            # and the worker would die of that. Rows are rung again, the book is kept.
            logger.warning("%s messages are left to the broker.", len(self._delivered))
            self._delivered.clear()
            return
        for delivery_tag, message in list(self._delivered.items()):
            if _book_of(message) is IN_MEMORY:
                self._put_back(message)
                del self._delivered[delivery_tag]
        super().restore_unacked(client)

    def _put_back(self, message: Any) -> None:
        place = message.delivery_info["exchange"], message.delivery_info["routing_key"]
        try:
            with self.channel.conn_or_acquire() as client:
                self.channel._do_restore_message(message._raw, *place, client)
        except self.channel.connection_errors as error:
            logger.warning("A doorbell is not put back, its row is rung again: %s", error)


def _book_of(message: Any) -> Any:
    is_doorbell = message is not None and HEADER in message.headers
    return IN_MEMORY if is_doorbell else WRITTEN_DOWN


def install() -> None:
    """kombu asks the channel class for it, and has no setting."""
    redis.Channel.QoS = QoS
