"""A worker serves what it was told, or else every queue that a task names."""

from types import SimpleNamespace

import pytest
from celery import Celery

from jobs import task
from jobs.execution.queues import serve_named_queues
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
