"""The table of states is complete, closed at its ends, and the one in the documentation."""

import re
from pathlib import Path

from jobs.states import (
    ACTIVE,
    CELERY_STATES,
    FINAL,
    LIVE,
    SOURCES,
    WAITING,
    Requested,
    State,
    WaitingFor,
    may_move,
)

PAGE = (Path(__file__).parents[2] / "docs" / "states.md").read_text()


def test_every_state_is_in_exactly_one_group():
    assert set(State) == WAITING | ACTIVE | FINAL
    assert len(WAITING) + len(ACTIVE) + len(FINAL) == len(State)


def test_nothing_leaves_a_final_state():
    assert not [(a, b) for a in FINAL for b in State if may_move(a, b)]


def test_every_state_that_is_not_final_can_end():
    for state in LIVE:
        assert may_move(state, State.CANCELLED) and may_move(state, State.FAILED)


def test_only_a_queued_job_can_be_taken():
    assert [state for state in WAITING if may_move(state, State.RUNNING)] == [State.QUEUED]


def test_every_state_has_a_way_in_and_a_word_of_celery():
    assert set(SOURCES) == set(CELERY_STATES) == set(State)


def test_the_documentation_tells_each_state_its_group_and_celerys_word():
    groups = {**dict.fromkeys(WAITING, "waiting"), **dict.fromkeys(ACTIVE, "active")}
    for state in State:
        row = re.search(rf"^\| `{state}` \| (\w+) \|.*\| (\w+) \|$", PAGE, re.M)
        assert row, state
        assert row.groups() == (groups.get(state, "final"), CELERY_STATES[state])


def test_the_documentation_names_the_sources_that_are_not_a_whole_group():
    for state in (State.RUNNING, State.VALIDATING, State.RETRYING, State.COMPLETED):
        row = re.search(rf"^\| `{state}` \|.*$", PAGE, re.M)
        assert row
        assert set(re.findall(r"`(\w+)`", row[0].split("|")[4])) == set(SOURCES[state])


def test_the_documentation_tells_every_reason_to_wait_and_every_request():
    for word in (*WaitingFor, *(r for r in Requested if r)):
        assert f"`{word}`" in PAGE
