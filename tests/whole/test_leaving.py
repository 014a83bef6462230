"""A project that took us on leaves again: what waits is run by stock Celery."""

from pathlib import Path

import pytest

from tests.waiting import eventually

from .adopting import OWN_DATABASE, Office

ASK = """
from celery import chain, chord, group
from jobs import enqueue
from letters.tasks import Archive, stamp

ledger = {ledger!r}
stamp.delay("plain", ledger)
stamp.apply_async(("later", ledger), countdown=1, link=stamp.si("linked", ledger))
chain(stamp.si("first", ledger), stamp.si("second", ledger)).delay()
chord([stamp.si("part", ledger), stamp.si("part", ledger)])(stamp.si("body", ledger))
enqueue("letters.tasks.stamp", {{"text": "from a form", "ledger": ledger}})
print(enqueue("letters.tasks.stamp", {{"text": "held", "ledger": ledger}}, hold=True).pk)
"""
LINES = [
    "body", "first", "from a form", "later", "linked", "part", "part", "plain", "second",
]  # fmt: skip


@pytest.fixture
def office(redis_server, packages, tmp_path):
    """Adopted, with nobody at work."""
    how = {"packages": packages, "database": OWN_DATABASE + 1}
    office = Office.settle(tmp_path / "office", redis_server, **how)
    office.walk()
    office.manage("jobs_adopt")
    yield office
    office.stop()


def lines(ledger: Path) -> list[str]:
    return sorted(ledger.read_text().split("\n")[:-1]) if ledger.exists() else []


def states(office: Office) -> dict[str, int]:
    return dict(office.rows("SELECT state, COUNT(*) FROM jobs_job GROUP BY state"))


def test_what_waits_is_run_once_by_workers_without_our_code(office, tmp_path):
    ledger = tmp_path / "ledger"
    held = office.run(ASK.format(ledger=str(ledger)))
    stays = "stays: 1 pending, waits for start"
    assert office.manage("jobs_hand_back") == f"{stays}\n6 handed back"
    assert states(office) == {"cancelled": 6, "pending": 1}
    assert office.rows("SELECT COUNT(*) FROM jobs_event WHERE verb = 'hand_back'") == [(6,)]

    office.undo()
    stock = office.start_worker("stock")
    eventually(lambda: lines(ledger) == LINES, 30)
    plain = "SELECT COUNT(*) FROM django_celery_results_taskresult WHERE status = 'SUCCESS'"
    eventually(lambda: office.rows(plain) == [(len(LINES),)])
    stock.stop()

    office.walk()
    office.start_worker()
    office.manage("job", "start", held)
    eventually(lambda: lines(ledger) == sorted([*LINES, "held"]), 30)
    eventually(lambda: states(office) == {"cancelled": 6, "completed": 1})
