"""What a lease tells of the process that minted it."""

import os
import signal
import subprocess
import sys

import pytest

from jobs.execution import mark
from jobs.execution.mark import is_surely_dead, machine, new_lease

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can prove it")

MINT = "from jobs.execution.mark import new_lease; print(new_lease(), flush=True); input()"


@pytest.fixture
def other():
    """A process that lives, and has minted a lease."""
    process = subprocess.Popen(
        [sys.executable, "-c", MINT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.wait()


def test_leases_are_as_long_as_their_column_and_never_the_same():
    leases = {new_lease() for _ in range(1000)}
    assert len(leases) == 1000
    assert {len(lease) for lease in leases} == {40}


def test_a_process_that_lives_is_not_dead(other):
    assert not is_surely_dead(new_lease())
    assert not is_surely_dead(other.stdout.readline().strip())


def test_one_that_is_stopped_is_not_dead(other):
    lease = other.stdout.readline().strip()
    other.send_signal(signal.SIGSTOP)
    assert not is_surely_dead(lease)


def test_one_that_was_killed_is_dead_before_and_after_its_parent_looked(other):
    lease = other.stdout.readline().strip()
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert is_surely_dead(lease)
    other.wait()
    assert is_surely_dead(lease)


def test_a_process_that_has_the_number_of_a_dead_one_is_another():
    own = new_lease()
    start = slice(14, 22)
    earlier = f"{int(own[start], 16) - 1:08x}"
    assert is_surely_dead(own[:14] + earlier + own[22:])


def test_a_process_that_cannot_be_seen_is_not_dead(monkeypatch, other, tmp_path):
    lease = other.stdout.readline().strip()
    machine()
    monkeypatch.setattr(mark, "PROC", tmp_path)  # as where /proc hides other users' processes
    assert not is_surely_dead(lease)
    other.kill()
    other.wait()
    assert is_surely_dead(lease)


@pytest.mark.parametrize("lease", ["", "another", "0" * 40, "f" * 40])
def test_nothing_is_said_of_other_machines(lease):
    assert not is_surely_dead(lease)
    assert not is_surely_dead(machine() + lease[:4])


def test_where_nothing_can_be_proved_nobody_is_dead(monkeypatch, tmp_path):
    monkeypatch.setattr(mark, "PROC", tmp_path)
    machine.cache_clear()
    try:
        assert not is_surely_dead(new_lease())
        assert machine() == "0" * 8
    finally:
        machine.cache_clear()
        mark._mark_of.cache_clear()
