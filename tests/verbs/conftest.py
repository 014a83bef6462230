"""A broker that may be hurt."""

import pytest

from tests.whole.broker import Broker
from tests.whole.rabbit import Rabbit


@pytest.fixture
def broker(session_broker: Broker | Rabbit) -> Broker | Rabbit:
    """A real server with nothing in it."""
    session_broker.lose_everything()
    return session_broker
