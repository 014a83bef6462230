"""What killed processes leave in the temporary folder."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from billiard.exceptions import WorkerLostError

from jobs.execution.backend import ended_by_parent
from jobs.execution.mark import new_lease
from jobs.execution.scratch import make_scratch, sweep_scratch
from jobs.states import State
from tests.doors.rows import job
from tests.verbs.test_mark import MINT

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux can prove it"),
]


@pytest.fixture
def folder_of(tmp_path, monkeypatch):
    """Makes the scratch folder of a lease, with a file in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = []

    def make(lease):
        made.append(make_scratch(lease))
        folder = Path(made[-1].name)
        (folder / "file").write_text("content")
        return folder

    yield make
    for scratch in made:
        scratch.cleanup()


@pytest.fixture
def of_the_dead():
    done = subprocess.run(
        [sys.executable, "-c", MINT], input="\n", capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_parent_removes_what_its_killed_child_left(broker, folder_of):
    lease, other = new_lease(), folder_of(new_lease())
    running, folder = job(State.RUNNING, lease=lease), folder_of(lease)
    ended_by_parent(running.pk, lease, WorkerLostError("signal 9"), "")
    assert (folder.exists(), other.exists()) == (False, True)


def test_what_dead_workers_left_is_swept_unless_somebody_still_holds_it(folder_of, of_the_dead):
    mine, left = folder_of(new_lease()), folder_of(of_the_dead)
    held = folder_of(of_the_dead[:-4] + "held")
    job(State.RUNNING, lease=of_the_dead[:-4] + "held")
    foreign = folder_of("of another program")
    assert sweep_scratch() == 1
    assert not left.exists()
    assert mine.exists() and held.exists() and foreign.exists()
