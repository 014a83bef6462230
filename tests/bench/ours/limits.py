"""Jobs that wait for a limit: very many of them, and how long the next one takes."""

import os
import struct
import time
from functools import cache

from django.db import connection

from jobs import enqueue, task
from jobs.dispatch import usher
from jobs.dispatch.admission import admit
from jobs.dispatch.doorman import Sweep
from jobs.execution.finish import finish
from jobs.execution.outcome import Ending
from jobs.models import Job
from jobs.signals import room_changed
from jobs.states import State
from tests.bench import ledger

NOTE = struct.Struct("=bqq")
KEYED, PLAIN = "bench.keyed", "bench.limited"


@cache
def _book() -> int:
    return os.open(os.environ["BENCH_NOTES"], os.O_WRONLY | os.O_APPEND)


def _note(sign: int) -> None:
    os.write(_book(), NOTE.pack(sign, os.getpid(), time.monotonic_ns()))


@task(name=PLAIN, max_running=3)
def limited() -> None:
    """Three at once, a tenth of a second each."""
    _note(1)
    time.sleep(0.1)
    _note(-1)


@task(name="bench.rated", rate="50/s")
def rated() -> None:
    """Fifty in a second."""
    _note(1)


@task(name="bench.noop_limited", max_running=20)
def noop_limited() -> None:
    """Nothing, with a limit that more than two processes need not wait for."""
    ledger.note()


@task(name=KEYED, max_running=3, concurrency_key="{key}")
def keyed(key: int) -> None:
    """Three at once, one of each key."""


def next_of_many(waiting: int, keys: int, tries: int) -> dict[str, list[float]]:
    """Milliseconds for letting in the next one, with so many behind it: on the clock, and of
    this process's time."""
    room_changed.disconnect(usher.hear)
    name = KEYED if keys > 1 else PLAIN
    Job.objects.all().delete()
    _seed(name, waiting, keys)
    sweep, found = Sweep(), {"wall": [], "cpu": []}
    for _round in range(keys // 200 + 1):  # the relay learns of the lines
        sweep()
    held = Job.objects.filter(task=name, admitted_at__isnull=False)
    for _try in range(tries):
        job = held.order_by("?").first()
        finish(Job.objects.filter(pk=job.pk), Ending(State.FAILED, "room"))
        wall, cpu = time.perf_counter(), time.process_time()
        count = admit(name, keys=(job.concurrency_key,))
        found["cpu"].append((time.process_time() - cpu) * 1000)
        found["wall"].append((time.perf_counter() - wall) * 1000)
        if count != 1:
            raise AssertionError(f"{count} were let in")
    room_changed.connect(usher.hear)
    return found


def _seed(name: str, waiting: int, keys: int) -> None:
    """Copies of a job in as many lines as there are keys, made by the database."""
    first = [enqueue(name, {"key": key} if keys > 1 else {}).pk for key in range(keys)]
    columns = [field.column for field in Job._meta.concrete_fields]
    names = ", ".join(f'"{column}"' for column in columns)
    taken = ", ".join("id || '-' || n" if each == "id" else f'"{each}"' for each in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE numbers(n) AS "
            "(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s) "
            f"INSERT INTO jobs_job ({names}) SELECT {taken} FROM jobs_job, numbers "
            "WHERE jobs_job.task = %s",
            [max(waiting // len(first) - 1, 1), name],
        )
        cursor.execute("ANALYZE")
