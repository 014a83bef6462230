"""Messages that Redis gives out again, because nobody acknowledged them in time."""

import os

import pytest

from jobs import enqueue
from jobs.models import Job
from jobs.states import State
from project.places import for_kombu
from tests.waiting import eventually

LONG_SECONDS = 20.0  # the visibility timeout is 5
FOREIGN = """
from celery import Celery
app = Celery("foreign", broker={url!r})
for ledger in {ledgers!r}:
    app.send_task("tests.rescue_tasks.take_long", (ledger, {seconds}), queue="hasty")
"""


@pytest.mark.long
@pytest.mark.skipif(
    bool(os.environ.get("TEST_BROKER_URL")), reason="RabbitMQ gives out again with a connection"
)
def test_jobs_that_are_longer_than_the_visibility_timeout_run_once(site, tmp_path):
    """Messages of a foreign program too: ours never count as unacknowledged."""
    ledgers = [tmp_path / f"ledger {number}" for number in range(6)]
    foreign = [str(path) for path in ledgers[3:]]
    url = for_kombu(site.broker.url)
    site.run(FOREIGN.format(url=url, ledgers=foreign, seconds=LONG_SECONDS), ours=False)
    for path in ledgers[:3]:
        wanted = {"ledger": str(path), "seconds": LONG_SECONDS}
        enqueue("tests.rescue_tasks.take_long", wanted, queue="hasty")
    for name in ("first", "second"):
        options = {"DJANGO_SETTINGS_MODULE": "tests.whole.rescue.hasty"}
        site.start_worker(name=name, queue="hasty", slots=1, **options)
    jobs = Job.objects.filter(queue="hasty")
    eventually(lambda: jobs.filter(state=State.COMPLETED).count() == 6, within=300)
    eventually(lambda: not site.broker.messages("hasty"), within=60)
    assert set(jobs.values_list("attempt", "lost")) == {(1, 0)}
    assert [path.read_text() for path in ledgers] == ["x\n"] * 6
