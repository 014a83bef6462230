"""What can happen to queues on RabbitMQ only: they are things of their own, and can go."""

import os

import pytest

from tests.sample_tasks import plain_add
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(
    not os.environ.get("TEST_BROKER_URL"), reason="Redis has a queue wherever a message is"
)


def test_a_queue_that_was_deleted_is_there_again_with_the_next_message(site):
    first = plain_add.apply_async((1, 1), queue="deleted")
    eventually(lambda: site.broker.messages("deleted"))
    site.broker.delete("deleted")
    second = plain_add.apply_async((1, 2), queue="deleted")
    eventually(lambda: site.broker.messages("deleted"))
    site.start_worker(name="deleted")
    assert [site.ends(job, within=60).result for job in (first, second)] == [2, 3]


def test_a_worker_whose_queue_was_deleted_goes_on_to_serve_it(site):
    site.start_worker(name="deleted")
    for number in range(3):
        job = plain_add.apply_async((1, number), queue="deleted")
        assert site.ends(job, within=60).result == 1 + number
        site.broker.delete("deleted")
