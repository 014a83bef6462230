"""A web server for the tests of sockets, and two people."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from .web import Web

APPLICATION = "tests.whole.sockets.slow_site:application"


@pytest.fixture(scope="package")
def web(redis_server: str, django_db_setup: None) -> Iterator[Web]:
    server = Web(APPLICATION, redis_server).start()
    yield server
    server.stop()


@pytest.fixture
def ana(transactional_db: None) -> User:
    return User.objects.create_user("ana")


@pytest.fixture
def bob(transactional_db: None) -> User:
    return User.objects.create_user("bob")
