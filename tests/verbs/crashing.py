"""A program that does single steps of the engine and dies at a chosen statement.

It reads orders as lines of JSON, `{"step": …, "job": …, "lease": …, "dies_before": n}`, and
answers each with `{"statements": n}`, or with `{"killed": true}`. Each step is done in a
forked process with connections of its own; 0 means that it lives. `"raises_after_commit"`
is the answer that got lost: what was written is written, and the caller hears of an error.
"""

import json
import os
import signal
import sys
from typing import Any

import django

django.setup()

from billiard.exceptions import WorkerLostError  # noqa: E402
from celery import chord  # noqa: E402
from django.db import OperationalError, transaction  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402

from jobs import enqueue  # noqa: E402
from jobs.dispatch.message import HEADER  # noqa: E402
from jobs.dispatch.relay import release_due, ring_due  # noqa: E402
from jobs.execution import control  # noqa: E402
from jobs.execution.backend import ended_by_parent, given_back_by_parent  # noqa: E402
from jobs.execution.books import patiently  # noqa: E402
from jobs.execution.claim import adopt, claim  # noqa: E402
from jobs.execution.control import Order  # noqa: E402
from jobs.execution.finish import finish, held, requeue, retry_later  # noqa: E402
from jobs.execution.fit import hold  # noqa: E402
from jobs.execution.outcome import Ending, RetryOrder  # noqa: E402
from jobs.execution.rescue import expire_due, reap_lost  # noqa: E402
from jobs.models import Job  # noqa: E402
from jobs.params import Invalid  # noqa: E402
from tests.sample_tasks import give_back, plain_add, xsum  # noqa: E402

QUEUE = "nobody"


def ask() -> list[str]:
    """A chord of two parts, one with a link; the ids of the parts, the linked first."""
    link = plain_add.s(100).set(queue=QUEUE)
    first = plain_add.s(1, 1).set(queue=QUEUE, link=link)
    with transaction.atomic():
        result = chord([first, plain_add.s(2, 2).set(queue=QUEUE)])(xsum.s().set(queue=QUEUE))
    return [part.id for part in result.parent.results]


def message(lease: str, hostname: str = "w@host") -> dict[str, Any]:
    """What a worker hands to the claim."""
    limits, queues = [None, None], ("celery", QUEUE)
    told = {"lease": lease, "hostname": hostname, "timelimit": limits, "queues": queues}
    return told | {HEADER: 1}


def take(job_id: str, lease: str) -> Job | None:
    return claim(job_id, plain_add.name, message(lease))


def step(order: dict[str, Any]) -> object:
    job, lease = order.get("job", ""), order.get("lease", "")
    chosen = Job.objects.filter(pk=job)
    error = Ending.failure(ValueError("as asked"))
    steps = {
        "ask": ask,
        "claim": lambda: take(job, lease),
        "succeed": lambda: patiently(lambda: finish(held(job, lease), Ending.success(7))),
        "fail": lambda: patiently(lambda: finish(held(job, lease), error)),
        "retry": lambda: patiently(lambda: retry_later(held(job, lease), RetryOrder(1), error)),
        "lose": reap_lost,
        "hold": lambda: patiently(
            lambda: hold(held(job, lease), chosen.get(), Invalid({"x": ["no"]}))
        ),
        "requeue": lambda: patiently(lambda: requeue(held(job, lease), error, falls_back=True)),
        "cancel": lambda: control.cancel(chosen, Order()),
        "pause": lambda: control.pause(chosen, Order()),
        "resume": lambda: control.resume(chosen, Order()),
        "release": release_due,
        "ring": ring_due,
        "start": lambda: control.start(chosen, Order()),
        "edit": lambda: control.edit(chosen, Order(), queue="celery", priority=9),
        "fail by hand": lambda: control.fail(chosen, Order()),
        "run again": lambda: control.retry(chosen.get(), Order()),
        "expire": expire_due,
        "be killed": lambda: ended_by_parent(job, lease, WorkerLostError("dead"), ""),
        "be told to end": lambda: given_back_by_parent(job, lease),
        "adopt": lambda: adopt("theirs", give_back.name, [1], {}, message(lease)),
        "enqueue": lambda: enqueue("tests.sample_tasks.add", {"x": 1}, queue=QUEUE),
    }
    return steps[order["step"]]()


class Counter:
    """Counts statements and commits, and acts at the one that was chosen."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.dies_before: int = order.get("dies_before", 0)
        self.raises = bool(order.get("raises_after_commit"))
        self.count = 0

    def install(self) -> None:
        connection_created.connect(self._watch, weak=False)
        commit = BaseDatabaseWrapper._commit

        def watched(connection: Any) -> None:
            self.next()
            commit(connection)
            if self.raises:
                self.raises = False
                raise OperationalError("the answer got lost")

        BaseDatabaseWrapper._commit = watched

    def next(self) -> None:
        self.count += 1
        if self.count == self.dies_before:
            self.die()

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _watch(self, connection: Any, **kwargs: Any) -> None:
        connection.execute_wrappers.append(self._execute)

    def _execute(self, execute: Any, *args: Any) -> Any:
        self.next()
        return execute(*args)


def obey(order: dict[str, Any], answers: int) -> None:
    counter = Counter(order)
    counter.install()
    step(order)
    os.write(answers, json.dumps({"statements": counter.count}).encode() + b"\n")
    if counter.dies_before:  # at the very end, before the thread that publishes may have run
        counter.die()
    os._exit(0)


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            obey(json.loads(line), answers)
        _, status = os.waitpid(child, 0)
        if status:
            killed = {"killed": os.WIFSIGNALED(status)}
            os.write(answers, json.dumps(killed).encode() + b"\n")


if __name__ == "__main__":
    main()
