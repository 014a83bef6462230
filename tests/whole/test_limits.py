"""Limits with real workers: never more at once than may be, by what the functions saw."""

import time
from itertools import accumulate
from pathlib import Path

from jobs import enqueue
from jobs.models import Job
from jobs.states import State
from tests.waiting import eventually

NOTE = "tests.turn_tasks.note_turn"
ONE_EACH = "tests.turn_tasks.note_customer"


def ends(jobs: list[Job], seconds: float = 90) -> None:
    ids = [job.pk for job in jobs]
    done = Job.objects.filter(pk__in=ids, state=State.COMPLETED)
    eventually(lambda: done.count() == len(ids), seconds)


def most_at_once(lines: list[str]) -> int:
    """Of times at which functions began (+) and ended (-)."""
    moments = sorted(
        (float(at), -1 if sign == "-" else 1) for sign, at in map(str.split, lines)
    )
    return max(accumulate(step for _at, step in moments))


def test_no_more_run_at_once_than_may_and_all_run(site, tmp_path):
    site.start_worker(name="more", queue="celery", slots=4)
    book = tmp_path / "book"
    jobs = [enqueue(NOTE, {"book": str(book), "seconds": 0.05}) for _ in range(24)]
    ends(jobs)
    assert most_at_once(book.read_text().splitlines()) == 2


def noted(book: Path, customer: str, killed_at: float) -> list[str]:
    """What the processes wrote down for a customer, those too that did not come to its end."""
    lines = []
    for own in book.parent.glob(f"{book.name}-{customer}-*"):
        lines += (mine := own.read_text().splitlines())
        if len(mine) % 2:
            lines.append(f"- {killed_at}")
    return lines


def test_a_worker_that_is_killed_gives_its_places_back(site, tmp_path):
    extra = site.start_worker(name="victim", queue="celery", slots=4)
    book = tmp_path / "book"
    jobs = [enqueue(ONE_EACH, {"customer": "a", "book": str(book)}) for _ in range(6)]
    jobs += [enqueue(ONE_EACH, {"customer": "b", "book": str(book)}) for _ in range(6)]
    done = Job.objects.filter(pk__in=[job.pk for job in jobs], state=State.COMPLETED)
    eventually(lambda: done.count() > 1)
    extra.kill()
    site.worker.kill()
    killed_at = time.time()
    site.revive()
    ends(jobs)
    assert {most_at_once(noted(book, customer, killed_at)) for customer in "ab"} == {1}
    assert not Job.objects.filter(admitted_at__isnull=False).exists()


def test_a_rate_holds_over_all_workers(site, tmp_path):
    site.start_worker(name="more", queue="celery", slots=4)
    book = tmp_path / "book"
    jobs = [enqueue("tests.turn_tasks.note_rate", {"book": str(book)}) for _ in range(21)]
    ends(jobs)
    first, *_, last = sorted(
        Job.objects.filter(pk__in=[job.pk for job in jobs]).values_list("queued_at", flat=True)
    )
    # 20 of them at 10/s, but for the one second that may be made up for.
    assert 0.9 <= (last - first).total_seconds() <= 6
