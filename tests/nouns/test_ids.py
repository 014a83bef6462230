"""Ids of jobs."""

import time
import uuid

import pytest

from jobs.models import is_id, new_id


def test_our_ids_are_uuids_of_version_seven_and_the_newest_is_the_greatest():
    first = new_id()
    time.sleep(0.002)  # the clock of the id counts milliseconds
    second = new_id()
    assert uuid.UUID(first).version == 7
    assert uuid.UUID(first).variant == uuid.RFC_4122
    assert first < second
    assert len({new_id() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    "text", [new_id(), "order 17/ü", "../../x", "x" * 255, "'--"], ids=range(5)
)
def test_callers_may_bring_their_own_ids(text):
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "x" * 256, "a\x00b", "a\nb", "\ud800", "\u202e", "\x7f"])
def test_what_cannot_be_kept_or_shown_is_no_id(text):
    assert not is_id(text)
