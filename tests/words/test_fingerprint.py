"""By what two processes tell whether they run the same code."""

import re
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.utils import translation

from jobs import registry
from jobs.conf import VERSION
from jobs.registry.fingerprint import fingerprint, signature_of, signatures
from tests import sample_tasks

ADD = registry.get(sample_tasks.add.name)


def double(x: int) -> int:
    """Twice."""
    return 2 * x


def thrice(x: int) -> int:
    """Three times."""
    return 3 * x


def wider(x: int, y: int = 0) -> int:
    return x + y


def like(function):
    return replace(ADD, name="it", signed=function)


def test_words_and_body_are_no_part_of_a_signature_and_the_body_is_of_the_code():
    assert signature_of(like(double)) == signature_of(like(thrice))
    assert fingerprint([like(double)]) != fingerprint([like(thrice)])
    assert signature_of(like(double)) != signature_of(like(wider))


def test_the_language_of_a_process_changes_nothing():
    here = signatures(registry.all())
    with translation.override("es"):
        assert signatures([replace(each) for each in registry.all()]) == here


def test_the_order_of_tasks_changes_nothing():
    some = list(registry.all())
    assert fingerprint(some) == fingerprint(reversed(some))


def test_the_version_is_that_of_the_project():
    told = (Path(settings.BASE_DIR) / "pyproject.toml").read_text()
    assert re.search(r'^version = "(.+)"$', told, re.M)[1] == VERSION
