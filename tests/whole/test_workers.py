"""Workers that come, go, die, grow deaf or run older code, and what is told of them."""

import os
import signal

import pytest

from jobs import enqueue
from jobs.execution.deaf import DEAF
from jobs.execution.rollcall import BEGAN, ENDED, LOST
from jobs.execution.senseless import UNKNOWN
from jobs.models import Event, Worker
from jobs.states import State
from tests.waiting import eventually

from .broker import Broker
from .proxy import Proxy


def story(name: str) -> list[str]:
    events = Event.objects.filter(subject=f"{name}@tests").order_by("at", "id")
    return list(events.values_list("verb", flat=True))


def told(name: str) -> Worker:
    return eventually(lambda: Worker.objects.with_health().filter(pk=f"{name}@tests").first())


def test_a_worker_tells_of_itself_and_of_its_end(site):
    process = site.start_worker(name="extra")
    worker = eventually(lambda: (row := told("extra")).clock_offset_seconds is not None and row)
    assert (worker.pid, worker.host != "", worker.code != "") == (process.pid, True, True)
    assert len(worker.memory) == 3 and min(worker.memory) > 0  # its own, and two children
    assert abs(worker.clock_offset_seconds) < 60
    site.ends(enqueue("tests.sample_tasks.add", {"x": 1}, queue="extra"))
    site.ends(enqueue("tests.sample_tasks.fail", queue="extra"), State.FAILED)
    eventually(lambda: (told("extra").processed, told("extra").failed) == (2, 1))
    os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: story("extra") == [BEGAN, LOST], 30)
    site.start_worker(name="extra")
    eventually(lambda: story("extra") == [BEGAN, LOST, BEGAN])
    site.stop("extra")
    eventually(lambda: story("extra") == [BEGAN, LOST, BEGAN, ENDED])
    assert told("extra").left_at is not None


@pytest.fixture
def line(site):
    """Between a worker and the broker."""
    if not isinstance(site.broker, Broker):
        pytest.skip("through a proxy only with Redis")
    place = site.broker.place
    target = place.get("path") or (place["host"], int(place["port"]))
    proxy = Proxy(target)
    yield proxy
    proxy.stop()


def test_a_worker_that_hears_nothing_says_so_and_ends_to_be_started_again(site, line):
    ears = {"BROKER_URL": site.broker.behind(line.port), "JOBS_DEAF_SECONDS": "5"}
    process = site.start_worker(name="ears", **ears)
    site.ends(enqueue("tests.sample_tasks.add", {"x": 1}, queue="ears"))
    line.hold()
    job = enqueue("tests.sample_tasks.add", {"x": 2}, queue="ears")
    eventually(lambda: DEAF in story("ears"), 60)
    assert told("ears").deaf_at is not None
    assert site.job(job).state == State.QUEUED
    eventually(lambda: not process.is_alive, 60)
    line.release()
    site.start_worker(name="ears")
    site.ends(job)
    eventually(lambda: told("ears").deaf_at is None)


def test_jobs_go_to_who_runs_the_code_that_they_are_for(site):
    site.start_worker(name="older", queue="released", slots=1)
    site.start_worker(name="newer", queue="released", slots=1, TEST_RELEASE="newer")
    eventually(lambda: told("newer").takes)
    for _ in range(2):  # the older one tells of itself, and then looks around
        before = told("older").heard_at
        eventually(lambda: told("older").heard_at > before)  # noqa: B023
    greetings = [
        enqueue("tests.released_tasks.greet", {"name": str(n)}, queue="released")
        for n in range(6)
    ]
    farewells = [
        enqueue("tests.released_tasks.farewell", {"name": str(n)}, queue="released")
        for n in range(6)
    ]
    assert [site.ends(job, within=60).result for job in greetings] == [
        f"Hello {n}" for n in range(6)
    ]
    assert {site.ends(job, within=60).worker for job in farewells} == {"older@tests"}
    assert not Event.objects.filter(verb=UNKNOWN).exists()
