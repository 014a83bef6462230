"""A broker that may be hurt."""

from collections.abc import Iterator

import pytest

from tests.whole.broker import Broker


@pytest.fixture(scope="session")
def session_broker(redis_server: str) -> Iterator[Broker]:
    server = Broker(redis_server)
    yield server
    server.end()


@pytest.fixture
def broker(session_broker: Broker) -> Broker:
    """A real server with nothing in it."""
    session_broker.lose_everything()
    return session_broker
