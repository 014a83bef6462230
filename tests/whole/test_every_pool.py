"""One job through each pool that Celery has, on whatever database and broker there are."""

import json

from celery import current_app
from django.conf import settings

from jobs.checks import servers
from jobs.execution import depths
from jobs.models import Queue
from tests.sample_tasks import add
from tests.waiting import eventually

from .rabbit import Rabbit
from .test_pools import IS_GREEN_POSSIBLE

POOLS = ("prefork", "threads", "solo", *(("gevent",) if IS_GREEN_POSSIBLE else ()))
ODD = "mikrom:{}"


def test_a_job_passes_through_each_pool(site):
    for pool in POOLS:
        site.start_worker(pool=pool, name=pool, queue=ODD.format(pool), waits=False)
    asked = {
        pool: add.apply_async((number, 1), queue=ODD.format(pool), priority=number)
        for number, pool in enumerate(POOLS)
    }
    for number, (pool, call) in enumerate(asked.items()):
        job = site.ends(call, within=60)
        assert (job.result, job.attempt, job.worker) == (number + 1, 1, f"{pool}@tests")
    assert site.ends(add.delay(2, 2)).result == 4
    # Worker, relay and web declared its queue in the same way.
    assert "jobs.E027" not in {message.id for message in servers.broker()}


def test_what_waits_in_the_broker_is_counted_and_goes_by_haste(site):
    """On RabbitMQ in a classic queue; quorum queues have two priorities, and those before
    version 4 none."""
    nobody = ODD.format("nobody")
    asked = {n: add.apply_async((n, 1), queue=nobody, priority=n) for n in (1, 9, 5)}
    hastes = {call.id: n for n, call in asked.items()}

    def found():
        newest_first = [json.loads(message) for message in site.broker.messages(nobody)]
        # Those that nobody took for some seconds were rung again.
        order = list(dict.fromkeys(hastes[m["headers"]["id"]] for m in reversed(newest_first)))
        return len(order) == 3 and order

    order = eventually(found, within=30)
    if isinstance(site.broker, Rabbit) and settings.BROKER_QUEUE_TYPE == "classic":
        assert order == [9, 5, 1]
    depths.note_all()
    depths.measure(current_app)
    assert Queue.objects.get(pk=nobody).depth >= 3
