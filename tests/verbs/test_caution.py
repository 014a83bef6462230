"""When the relay may take jobs from workers that look dead."""

import pytest

from jobs.conf import configuration
from jobs.scheduling.caution import Caution

ROUND = 1.0


class Clocks:
    """Our own clock and the database's, both set by hand."""

    def __init__(self):
        self.own, self.database = 1000.0, 5_000_000.0

    def pass_by(self, seconds, *, asleep=0.0):
        """`asleep`: what our own clock did not count, as on a laptop with its lid closed."""
        self.own += seconds
        self.database += seconds + asleep


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def caution(clocks):
    return Caution(lambda: clocks.own)


def rounds_until_allowed(caution, clocks):
    rounds = 0
    while not caution.allows(clocks.database):
        clocks.pass_by(ROUND)
        rounds += 1
        assert rounds < 1000
    return rounds


@pytest.fixture
def lease():
    return configuration().lease_seconds


def test_a_new_leader_waits_for_one_lease(caution, clocks, lease):
    assert rounds_until_allowed(caution, clocks) == lease / ROUND
    clocks.pass_by(ROUND)
    assert caution.allows(clocks.database)


@pytest.fixture
def reaping(caution, clocks):
    rounds_until_allowed(caution, clocks)
    return caution


def test_a_database_that_comes_back_is_given_one_lease(reaping, clocks, lease):
    reaping.begin_anew()
    assert rounds_until_allowed(reaping, clocks) == lease / ROUND


def test_a_late_round_is_no_reason_to_reap_at_once(reaping, clocks, lease):
    clocks.pass_by(lease)
    assert rounds_until_allowed(reaping, clocks) == lease / ROUND


@pytest.mark.parametrize("asleep", [600, 3600, -3600])
def test_a_clock_that_jumped_is_no_reason_to_reap_at_once(reaping, clocks, lease, asleep):
    clocks.pass_by(ROUND, asleep=asleep)
    assert rounds_until_allowed(reaping, clocks) == lease / ROUND


def test_rounds_that_are_a_little_late_do_not_keep_anybody_from_being_rescued(reaping, clocks):
    for _ in range(100):
        clocks.pass_by(2 * ROUND)
        assert reaping.allows(clocks.database)
