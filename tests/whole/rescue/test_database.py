"""A database that restarts, or that one worker alone cannot reach. PostgreSQL only: a
file has no connections to lose."""

import signal
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from jobs import enqueue
from jobs.models import Job
from jobs.states import State
from tests.waiting import eventually
from tests.whole.proxy import Proxy
from tests.whole.site import database_url

pytestmark = pytest.mark.skipif(
    "sqlite" in str(connection.vendor), reason="a file has no connections to lose"
)


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def proxy():
    place = connection.settings_dict
    proxy = Proxy((place["HOST"], int(place["PORT"] or 5432)))
    yield proxy
    proxy.stop()


def behind(proxy):
    """The database's address, by way of the proxy."""
    url = urlsplit(database_url())
    who = url.netloc.rpartition("@")[0]
    return url._replace(netloc=f"{who}@127.0.0.1:{proxy.port}").geturl()


def cut_all_connections():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_twenty_running_jobs_outlive_a_database_that_restarts(site, tmp_path):
    site.start_worker(name="wide", slots=20)
    go, ledger = tmp_path / "go", tmp_path / "ledger"
    wanted = {"ledger": str(ledger), "go": str(go)}
    jobs = [enqueue("tests.rescue_tasks.walk", wanted, queue="wide") for _ in range(20)]
    eventually(lambda: len(lines_of(ledger)) == 20, within=60)
    for _ in range(3):
        moved = Job.objects.filter(checkpoint__gt=0)
        before = dict(moved.values_list("pk", "checkpoint"))
        cut_all_connections()
        eventually(
            lambda before=before: all(
                (job.checkpoint or 0) > before.get(job.pk, 0)
                for job in Job.objects.filter(queue="wide")
            ),
            within=60,
        )
    go.touch()
    rows = [site.ends(job, within=60) for job in jobs]
    assert {(row.attempt, row.lost) for row in rows} == {(1, 0)}


def test_a_worker_that_alone_cannot_reach_the_database_is_replaced(site, tmp_path, proxy):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    options = {"queue": "far", "slots": 1}
    far = site.start_worker(name="far", DATABASE_URL=behind(proxy), **options)
    wanted = {"ledger": str(ledger), "go": str(go)}
    job = enqueue("tests.hostile_tasks.stand_still", wanted, queue="far")
    eventually(lambda: len(lines_of(ledger)) == 1)
    proxy.cut()
    site.start_worker(name="near", **options)
    eventually(lambda: len(lines_of(ledger)) == 2, within=60)
    row = site.reaches(job, State.RUNNING)
    assert (row.worker, row.attempt, row.lost) == ("near@tests", 2, 1)
    go.touch()
    row = site.ends(job)
    before = Job.objects.filter(pk=job.pk).values().get()
    proxy.mend()
    far.signal(signal.SIGTERM)
    eventually(lambda: not far.is_alive, within=60)
    assert (row.worker, row.result) == ("near@tests", 2)
    assert Job.objects.filter(pk=job.pk).values().get() == before


def test_a_result_waits_for_a_database_that_is_away_for_longer_than_a_lease(
    site, tmp_path, proxy
):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    site.start_worker(name="far", DATABASE_URL=behind(proxy), slots=1)
    wanted = {"ledger": str(ledger), "go": str(go)}
    job = enqueue("tests.hostile_tasks.stand_still", wanted, queue="far")
    eventually(ledger.exists)
    site.beat.signal_all(signal.SIGSTOP)  # the relay cannot reach it either
    proxy.cut()
    go.touch()
    second = timedelta(seconds=1)
    dead = Job.objects.filter(pk=job.pk, lease_expires_at__lt=Now() - second)
    eventually(dead.exists, within=60)
    proxy.mend()
    site.beat.signal_all(signal.SIGCONT)
    row = site.ends(job, within=60)
    assert (row.attempt, row.lost, row.result) == (1, 0, 1)
    connections.close_all()
