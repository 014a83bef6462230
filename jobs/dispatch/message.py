"""The doorbell: a message that says nothing but which row to look at.

It carries the task's own name, so that Celery's logs, routes and rate limits read as
ever, and a content type of ours, so that a worker without Batuta refuses to run it.
"""

import json
import logging
from typing import Any

from celery import current_app
from django.utils.translation import gettext as _
from kombu.serialization import register

from jobs.conf import CONTENT_TYPE
from jobs.models import Job

logger = logging.getLogger(__name__)

SERIALIZER = "batuta"
# A header of ours: a message without it comes from somebody else's program.
HEADER = "batuta"

register(SERIALIZER, json.dumps, json.loads, CONTENT_TYPE, "utf-8")  # type: ignore[no-untyped-call]

# What `ring` needs of a job.
COLUMNS = ("id", "task", "queue", "priority", "soft_time_limit", "time_limit")


def ring(job: Job, producer: Any = None) -> None:
    """Put the doorbell of `job` into the broker; raises kombu's OperationalError."""
    app = current_app._get_current_object()
    message = app.amqp.create_task_message(
        job.id,
        job.task_id,
        argsrepr="",
        kwargsrepr="",
        time_limit=job.time_limit,
        soft_time_limit=job.soft_time_limit,
    )
    with (
        app.producer_or_acquire(producer) as ready,
        ready.connection._reraise_as_library_errors(),
    ):
        app.amqp.send_task_message(
            ready,
            job.task_id,
            message,
            queue=app.amqp.queues[job.queue],
            priority=broker_priority(job.priority, ready.connection.transport.driver_type),
            headers={HEADER: 1},
            serializer=SERIALIZER,
            retry=False,
            # RabbitMQ would drop it in silence where somebody has deleted the queue.
            mandatory=True,
        )


class Unringable(Exception):
    """The broker is there, and does not take the message of this one job."""


def ring_or_blame(job: Job) -> None:
    """`ring`, twice if need be: connections die with a broker that restarted. Raises
    kombu's OperationalError while nobody answers, else Unringable."""
    try:
        return ring(job)
    except Exception:
        reach_broker()
    try:
        ring(job)
    except Exception as error:
        reach_broker()
        logger.exception("The job %s cannot be put into its queue.", job.pk)
        raise Unringable(_("It cannot be put into its queue: %s") % error) from error


def reach_broker() -> None:
    """Raises kombu's OperationalError while nobody answers."""
    with (
        current_app.connection_for_write() as connection,
        connection._reraise_as_library_errors(),
    ):
        connection.channel().close()  # `default_channel` would try for seconds


def broker_priority(priority: int, transport: str) -> int:
    """Ours is 0–9 with 9 the highest; kombu's Redis transport counts the other way."""
    return 9 - priority if transport == "redis" else priority
