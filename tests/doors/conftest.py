"""People whose programs talk to the API."""

import pytest
from django.contrib.auth.models import Group

from . import rows
from .programs import Program


@pytest.fixture
def runner() -> Program:
    group = Group.objects.create(name="runners")
    rows.task().runners.add(group)
    return Program(rows.user("runner", group))


@pytest.fixture
def root() -> Program:
    return Program(rows.user("root", is_superuser=True))
