"""One way to declare a queue, whoever names it first: a worker, by `-Q` or not, who sends to
it, or `add_consumer`. RabbitMQ closes the channel of whoever says otherwise than the first.
"""

from typing import Any

from celery.app import amqp


class Queues(amqp.Queues):
    def add_compat(self, name: str, **options: Any) -> Any:
        """Of the kind that the settings want. Celery asks them for queues that it meets in a
        message or behind `-Q`, and forgets them here."""
        kind = self.create_missing_queue_type
        if kind and kind != "classic":
            wanted = {"x-queue-type": kind, **(options.get("queue_arguments") or {})}
            options["queue_arguments"] = wanted
        return super().add_compat(name, **options)


class AMQP(amqp.AMQP):
    queues_cls = Queues
