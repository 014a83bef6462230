"""What of a message is written down in the broker, and what comes back."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import kombu
import pytest
import redis
from django.conf import settings

from jobs.dispatch.message import HEADER
from jobs.execution.unacknowledged import QoS

QUEUE = "unacknowledged"


class Consumer:
    """Takes messages as a worker does, and holds them."""

    def __init__(self) -> None:
        self.connection = kombu.Connection(settings.CELERY_BROKER_URL)
        self.channel = self.connection.channel()
        self.channel.QoS = QoS
        self.held: list[Any] = []
        consumer = self.connection.Consumer(
            kombu.Queue(QUEUE), channel=self.channel, on_message=self.held.append
        )
        consumer.qos(prefetch_count=2)
        consumer.consume()

    def take(self, count: int) -> list[Any]:
        while len(self.held) < count:
            self.connection.drain_events(timeout=5)
        return self.held

    def finds_nothing_more(self) -> bool:
        try:
            self.connection.drain_events(timeout=0.5)
        except socket.timeout:  # noqa: UP041 - kombu raises this one
            return True
        return False


@pytest.fixture
def broker(redis_client: redis.Redis) -> redis.Redis:
    return redis_client


@pytest.fixture
def consume(broker: redis.Redis) -> Iterator[Callable[[], Consumer]]:
    with ExitStack() as opened:

        def start() -> Consumer:
            consumer = Consumer()
            opened.callback(consumer.connection.close)
            return consumer

        yield start


def send(*bodies: str, doorbell: bool = True) -> None:
    headers = {HEADER: 1} if doorbell else {}
    with kombu.Connection(settings.CELERY_BROKER_URL) as connection:
        producer = connection.Producer()
        for body in bodies:
            queue = kombu.Queue(QUEUE)
            producer.publish(body, routing_key=QUEUE, headers=headers, declare=[queue])


def test_only_a_message_of_another_program_is_written_down(broker, consume):
    send("ours")
    send("theirs", doorbell=False)
    consumer = consume()
    held = {message.payload: message for message in consumer.take(2)}
    assert list(broker.hgetall("unacked")) == [held["theirs"].delivery_tag.encode()]
    for message in held.values():
        message.ack()
    assert broker.hlen("unacked") == 0
    consumer.connection.close()
    assert broker.llen(QUEUE) == 0


def test_no_more_is_taken_than_the_prefetch_count_says(broker, consume):
    send("1", "2", "3")
    consumer = consume()
    first, _second = consumer.take(2)
    assert consumer.finds_nothing_more()
    first.ack()
    assert len(consumer.take(3)) == 3


def test_at_an_orderly_end_both_kinds_go_back(broker, consume):
    send("ours")
    send("theirs", doorbell=False)
    consumer = consume()
    consumer.take(2)
    assert broker.llen(QUEUE) == 0
    consumer.connection.close()
    assert broker.llen(QUEUE) == 2
    again = consume()
    assert {message.payload for message in again.take(2)} == {"ours", "theirs"}


def test_a_connection_that_broke_is_closed_in_peace(broker, consume):
    send("ours")
    send("theirs", doorbell=False)
    consumer = consume()
    consumer.take(2)
    consumer.connection._do_close_transport()  # as kombu does when it finds it broken
    consumer.channel.close()
    assert broker.llen(QUEUE) == 0
    assert broker.hlen("unacked") == 1


def test_what_is_handed_back_is_the_next_to_come(broker, consume):
    send("1", "2", "3")
    consumer = consume()
    first, second = consumer.take(2)
    first.requeue()
    consumer.take(3)
    assert consumer.held[2].payload == "1"
    second.reject()
    consumer.take(4)
    assert [message.payload for message in consumer.held] == ["1", "2", "1", "3"]
