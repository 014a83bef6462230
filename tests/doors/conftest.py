"""People whose programs talk to the API, and worlds that many tests begin with."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import override_settings

from . import rows
from .programs import Program

Make = Callable[[Callable[[], Any]], Any]


@pytest.fixture(scope="module")
def make(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Make]:
    """Makes rows once for all tests of a module, each of which is undone on top of them: to
    make them again for each took most of the time. Files lie in a folder of their own."""

    def build(world: Callable[[], Any]) -> Any:
        with django_db_blocker.unblock():
            return world()

    outer = transaction.atomic()
    build(outer.__enter__)
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        yield build
    build(lambda: transaction.set_rollback(True))
    build(lambda: outer.__exit__(None, None, None))


@pytest.fixture
def runner() -> Program:
    group = Group.objects.create(name="runners")
    rows.task().runners.add(group)
    return Program(rows.user("runner", group))


@pytest.fixture
def root() -> Program:
    return Program(rows.user("root", is_superuser=True))
