"""A worker serves what it was told, or else every queue that a task names."""

from types import SimpleNamespace

import pytest
from celery import Celery, current_app

from jobs import task
from jobs.execution.declaring import AMQP
from jobs.execution.queues import known, serve_named_queues
from jobs.models import Task


@task(queue="of-the-code")
def apart() -> None: ...


@pytest.fixture
def worker(db):
    """What Celery hands to the signal, with an app whose queues are untouched."""
    Task.objects.create(name="x", title="x", queue="of-an-operator")
    return SimpleNamespace(app=Celery("queues", set_as_current=False))


def test_a_worker_that_was_told_nothing_serves_all_that_tasks_name(worker):
    serve_named_queues(worker)
    served = set(worker.app.amqp.queues.consume_from)
    assert {"celery", "of-the-code", "of-an-operator"} <= served


def test_a_worker_that_was_told_serves_nothing_else(worker):
    worker.app.amqp.queues.select(["celery"])
    serve_named_queues(worker)
    assert set(worker.app.amqp.queues.consume_from) == {"celery"}


def test_a_queue_is_not_known_for_having_been_sent_to(worker):
    """Celery's list of queues grows in the process that sends: others would not agree."""
    assert current_app.amqp.queues["sent-to-once"].name == "sent-to-once"
    assert {"celery", "of-the-code", "of-an-operator"} <= known()
    assert "sent-to-once" not in known()


@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_a_queue_is_declared_in_one_way_whoever_names_it_first(kind):
    """Else RabbitMQ says no to the second."""
    app = Celery("kinds", set_as_current=False, amqp=AMQP)
    app.conf.update(task_default_queue_type=kind, task_create_missing_queue_type=kind)
    queues = app.amqp.queues
    behind_q, told, added = queues["a"], queues.select_add("b"), queues.add("c", exchange="c")
    wanted = {"x-queue-type": "quorum"} if kind == "quorum" else None
    for queue in (queues["celery"], behind_q, told, added):
        assert (queue.queue_arguments or None) == wanted
    own = queues.add("d", queue_arguments={"x-queue-type": "classic"})
    assert own.queue_arguments == {"x-queue-type": "classic"}
