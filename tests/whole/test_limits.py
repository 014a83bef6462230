"""Limits with real workers: never more at once than may be, by what the functions saw."""

from itertools import accumulate

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


def test_a_worker_that_is_killed_gives_its_places_back(site, tmp_path):
    extra = site.start_worker(name="victim", queue="celery", slots=4)
    book = tmp_path / "book"
    jobs = [enqueue(ONE_EACH, {"customer": "a", "book": str(book)}) for _ in range(6)]
    jobs += [enqueue(ONE_EACH, {"customer": "b", "book": str(book)}) for _ in range(6)]
    eventually(lambda: book.exists() and len(book.read_text().splitlines()) > 4)
    extra.kill()
    site.worker.kill()
    site.revive()
    ends(jobs)
    holding = Job.objects.filter(admitted_at__isnull=False)
    assert not holding.exists()


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
