"""A client that comes and goes sees everything, once."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from jobs.models import Job
from jobs.states import State

from .web import Web, hear, say, watch
from .worker import a_job, lines, move, progress, report, store

pytestmark = pytest.mark.django_db(transaction=True)


class Page:
    """What a client knows, kept as docs/live.md tells clients to keep it."""

    def __init__(self, job: Job) -> None:
        self.topic = f"job:{job.id}"
        self.known: dict[str, int] = {}
        self.seqs: list[int] = []
        self.lines: list[int] = []
        self.status = ""

    def take(self, message: dict[str, Any]) -> None:
        assert message["seq"] > 0
        self.known["after"] = max(self.known.get("after", 0), message["seq"])
        if message["type"] in ("snapshot", "state"):
            self.seqs.append(message["seq"])
            self.status = message["status"]
        if message["type"] == "log":
            assert message["first"] == message["lines"][0][0]
            self.lines += [number for number, *_ in message["lines"]]
            self.known |= {"log_after": self.lines[-1], "log_attempt": message["attempt"]}
        elif message.get("n"):
            self.known |= {"attempt": message["attempt"], "n": message["n"]}

    def visit(self, web: Web, user: User, messages: int) -> None:
        """Connect, take some messages, go."""
        with web.open(user, max_queue=None) as line:
            known = {"log_after": 0} | self.known
            say(line, type="subscribe", topic=self.topic, **known)
            for _nth in range(messages):
                try:
                    self.take(json.loads(line.recv(timeout=2)))
                except TimeoutError:
                    return


@contextmanager
def a_busy_worker(job: Job, rounds: int) -> Iterator[threading.Thread]:
    """Moves and tells; stores its lines a little later than it tells them."""

    def work() -> None:
        told: list[dict[str, Any]] = []
        for n in range(1, rounds + 1):
            told.append(lines(job, 3 * n - 2, 3))
            report(job, progress(job, n), told[-1])
            if n % 7 == 0:
                for frame in told:
                    store(job, frame)
                told.clear()
            move(job)
        for frame in told:
            store(job, frame)
        move(job, State.CANCELLED)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join()


def test_a_client_that_comes_and_goes_misses_and_repeats_nothing(web: Web, ana: User) -> None:
    job = a_job(ana)
    page = Page(job)
    visits_meanwhile = 0
    with a_busy_worker(job, 300) as worker:
        while page.status != "cancelled" or page.lines[-1:] != [900]:
            visits_meanwhile += worker.is_alive()
            page.visit(web, ana, random.randint(1, 60))
    assert visits_meanwhile > 5
    assert page.lines == list(range(1, 901))
    assert page.seqs == sorted(set(page.seqs))
    job.refresh_from_db()
    assert page.seqs[-1] == job.version


def test_a_client_that_stays_sees_every_line_and_goes_only_forward(web: Web, ana: User) -> None:
    job = a_job(ana)
    page = Page(job)
    with web.open(ana) as line, a_busy_worker(job, 150):
        say(line, type="subscribe", topic=page.topic, log_after=0)
        while page.status != "cancelled" or page.lines[-1:] != [450]:
            page.take(json.loads(line.recv(timeout=10)))
    assert page.lines == list(range(1, 451))
    # A push may be lost (Redis slow for a moment); the next one or the row makes up for it.
    assert page.seqs == sorted(set(page.seqs))
    job.refresh_from_db()
    assert page.seqs[-1] == job.version


def test_who_knows_the_latest_is_told_nothing_old(web: Web, ana: User) -> None:
    job = a_job(ana, progress={"percent": 5.0, "attempt": 1, "n": 3}, attempt=1)
    with web.open(ana) as line:
        say(line, type="subscribe", topic=f"job:{job.id}", after=job.version, attempt=1, n=3)
        say(line, type="ping")
        hear(line, "pong")


def test_who_missed_progress_only_is_told_the_progress(web: Web, ana: User) -> None:
    job = a_job(ana, progress={"percent": 5.0, "attempt": 1, "n": 3}, attempt=1)
    with web.open(ana) as line:
        say(line, type="subscribe", topic=f"job:{job.id}", after=job.version, attempt=1, n=2)
        assert hear(line, "progress")["progress"] == 5.0


@pytest.mark.parametrize("after", [1, 99])
def test_who_knows_another_version_gets_a_snapshot(web: Web, ana: User, after: int) -> None:
    job = a_job(ana)
    move(job)
    with web.open(ana) as line:
        assert watch(line, job.id, after=after)["seq"] == 2


def test_lines_told_before_they_are_stored_are_waited_for(web: Web, ana: User) -> None:
    job = a_job(ana)
    store(job, lines(job, 1, 5))
    with web.open(ana) as line:
        watch(line, job.id, log_after=5)
        report(job, lines(job, 9, 2))  # 6–8 were told before this client came
        say(line, type="ping")
        hear(line, "pong")
        store(job, lines(job, 6, 3))
        assert [number for number, *_ in hear(line, "log")["lines"]] == [6, 7, 8]
        assert [number for number, *_ in hear(line, "log")["lines"]] == [9, 10]


def test_lines_that_a_dead_worker_never_stored_are_told_anew(web: Web, ana: User) -> None:
    job = a_job(ana)
    with web.open(ana) as line:
        watch(line, job.id)
        report(job, lines(job, 1, 4, attempt=1))
        hear(line, "log")
        report(job, lines(job, 1, 2, attempt=2))
        again = hear(line, "log")
        assert (again["attempt"], again["first"]) == (2, 1)
        report(job, lines(job, 5, 1, attempt=1))  # a zombie speaks
        report(job, lines(job, 3, 1, attempt=2))
        assert hear(line, "log")["attempt"] == 2


def test_a_client_of_a_dead_worker_gets_the_next_attempts_lines(web: Web, ana: User) -> None:
    job = a_job(ana, attempt=2)
    store(job, lines(job, 1, 3, attempt=1))
    store(job, lines(job, 4, 3, attempt=2))
    with web.open(ana) as line:
        watch(line, job.id, log_after=8, log_attempt=1)
        assert hear(line, "log")["first"] == 4


def test_a_log_too_large_to_travel_is_read_from_the_rows(web: Web, ana: User) -> None:
    job = a_job(ana)
    frame = lines(job, 1, 100)
    for text in frame["lines"]:
        text[3] = "z" * 8_000
    with web.open(ana) as line:
        watch(line, job.id)
        report(job, frame)
        store(job, frame)
        heard: list[int] = []
        while len(heard) < 100:
            heard += [number for number, *_ in hear(line, "log")["lines"]]
        assert heard == list(range(1, 101))


def test_the_last_progress_of_an_attempt_may_come_after_its_end(web: Web, ana: User) -> None:
    job = a_job(ana)
    with web.open(ana) as line:
        watch(line, job.id)
        Job.objects.filter(pk=job.pk).update(attempt=1)
        move(job, State.CANCELLED)
        hear(line, "state")
        report(job, progress(job, 1000) | {"seq": 1})
        last = hear(line, "progress")
        assert (last["progress"], last["status"], last["seq"]) == (100.0, "cancelled", 2)


def test_progress_of_an_earlier_attempt_hides_nothing_of_the_next(web: Web, ana: User) -> None:
    job = a_job(ana, progress={"percent": 50.0, "attempt": 1, "n": 90}, attempt=2)
    with web.open(ana) as line:
        first = watch(line, job.id)
        assert (first["progress"], first["attempt"], first["n"]) == (50.0, 2, 0)
        report(job, progress(job, 1, attempt=2))
        assert hear(line, "progress")["n"] == 1
