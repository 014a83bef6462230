"""What tasks write, in real workers of each pool, ends in the log of their job and no other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs import Secret, enqueue
from jobs.conf import configuration
from jobs.models import Job, LogChunk
from jobs.states import Requested, State
from tests import loud_tasks
from tests.waiting import eventually

PASSWORD = "correct horse battery staple"
POOLS = ("prefork", "threads", "solo")


def lines(job: Job) -> list[tuple[str, str]]:
    """The stored log as (level, text), whose numbers leave no gap."""
    found: list[tuple[str, str]] = []
    for chunk in LogChunk.objects.filter(job=job).order_by("first"):
        assert chunk.first == len(found) + 1
        assert chunk.count == len(chunk.lines)
        found += [(level, text) for _, level, text in chunk.lines]
    assert job.log_lines == len(found)
    return found


@pytest.fixture(params=POOLS)
def pool(site: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """A queue that a worker of one pool serves."""
    slots = 1 if request.param == "solo" else 2
    site.start_worker(pool=request.param, name=request.param, slots=slots)
    yield request.param
    site.stop(request.param)


def test_each_way_of_speaking_is_heard_once_and_the_secret_nowhere(site, pool):
    asked = {"name": "Ada", "password": Secret(PASSWORD)}
    job = site.ends(enqueue(loud_tasks.speak.name, asked, queue=pool))
    assert lines(job) == [
        ("info", "Ada prints ••••"),
        ("warning", "Ada complains"),
        ("info", "Ada logs ••••"),
        ("warning", "Ada logs as a task"),
        ("info", "Ada commands ••••"),
        ("info", "Ada prints in a thread"),
        ("info", "Ada ends"),
    ]
    console = site.processes[pool].path.read_text()
    assert PASSWORD not in console
    for spoken in ("Ada prints ••••", "Ada complains", "Ada logs ••••", "Ada logs as a task"):
        assert console.count(spoken) == 1


def test_coroutines_are_heard(site, pool):
    job = site.ends(enqueue(loud_tasks.speak_in_a_loop.name, {"name": "Eve"}, queue=pool))
    assert lines(job) == [
        ("info", "Eve prints in a loop"),
        ("info", "Eve prints in a thread of a loop"),
    ]


def test_two_jobs_at_once_never_hear_each_other(site, pool):
    asked = [
        enqueue(loud_tasks.speak_in_turns.name, {"name": name, "times": 50}, queue=pool)
        for name in ("Ada", "Eve")
    ]
    for job, name in zip(asked, ("Ada", "Eve"), strict=True):
        assert lines(site.ends(job)) == [("info", f"{name} {n}") for n in range(50)]


def test_a_flood_is_cut_once_and_the_job_completes(site):
    conf = configuration()
    job = site.ends(enqueue(loud_tasks.flood.name, {"lines": 1_000_000}), within=120)
    heard = [text for _, text in lines(job)]
    assert len(heard) == conf.log_max_lines + 1
    assert "Cut here" in heard[-1]
    marks = [text for text in heard if text.startswith("✂")]
    assert all("missing here" in mark or "Cut here" in mark for mark in marks)
    assert sum("Cut here" in mark for mark in marks) == 1
    numbers = [int(text.split()[1]) for text in heard if not text.startswith("✂")]
    assert numbers == sorted(numbers)


def test_a_cancelled_job_takes_its_command_along(site, tmp_path):
    pid = tmp_path / "pid"
    script = "trap '' TERM; echo $$ > \"$0\"; echo up; while :; do sleep 0.1; done"
    job = enqueue(loud_tasks.wait_for_a_command.name, {"argv": ["sh", "-c", script, str(pid)]})
    site.reaches(job, State.RUNNING)
    number = eventually(lambda: pid.exists() and pid.read_text().strip())
    Job.objects.filter(pk=job.pk).update(requested=Requested.CANCEL)
    ended = site.ends(job, State.CANCELLED)
    assert lines(ended) == [("info", "up")]
    assert not Path(f"/proc/{number}").exists()
