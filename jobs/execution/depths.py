"""How many messages lie in each queue of the broker: counted by the relay, read in rows."""

from typing import Any

from django.db.models.functions import Now

from jobs.dispatch.stepping import names_in_use
from jobs.models import Queue, Worker

from .queues import known


def note_all() -> None:
    """Have a row for each queue that is named anywhere or has jobs."""
    told = {
        name for queues in Worker.objects.values_list("queues", flat=True) for name in queues
    }
    names = known() | told | names_in_use()
    there = {*Queue.objects.values_list("pk", flat=True)}
    Queue.objects.note(sorted(names - there - {Queue.ALL}))


def measure(app: Any) -> int:
    """Count what lies in the broker; of how many queues. Raises what the broker does while
    nobody answers."""
    names = list(Queue.objects.named().values_list("pk", flat=True))
    with app.connection_for_write() as connection, connection._reraise_as_library_errors():
        found = [
            Queue(pk=name, depth=_depth(connection, name), depth_at=Now()) for name in names
        ]
    Queue.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["depth", "depth_at"],
    )
    return len(found)


def _depth(connection: Any, name: str) -> int:
    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue=name, passive=True).message_count)
    except connection.channel_errors:
        return 0  # nobody has sent to it yet
    finally:
        channel.close()
