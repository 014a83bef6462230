"""Celery's options of a call, to the columns of a row and back to a request.

The row must hold all that is needed to ring again: the canvas (links, chain, chord,
group), headers, shadow, stamps. What has a column goes there; the rest is `options`.
"""

from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from celery.utils.functional import maybe_list
from celery.utils.time import maybe_iso8601, maybe_make_aware
from django.utils import timezone

from jobs.dispatch.enqueue import DEFAULT_PRIORITY
from jobs.dispatch.typed import dumps, loads
from jobs.models import Job

# Celery's names for what has no column, empty ones are not kept.
KEPT = (
    "link",
    "link_error",
    "chain",
    "chord",
    "group_index",
    "headers",
    "shadow",
    "replaced_task_nesting",
    "stamped_headers",
    "stamps",
)
# The same where a request or a message calls it otherwise.
REQUEST_NAMES = {"link": "callbacks", "link_error": "errbacks"}


def kept_options(options: dict[str, Any]) -> str:
    """The options without a column, as kombu's typed JSON; empty when there are none."""
    kept = {name: options[name] for name in KEPT if options.get(name)}
    kept |= {name: maybe_list(kept[name]) for name in REQUEST_NAMES if name in kept}
    for stamp in kept.get("stamped_headers") or ():
        kept.setdefault("stamps", {})[stamp] = options.get(stamp)
    return dumps(kept) if kept else ""


def moment(value: Any) -> datetime | None:
    """An aware time from what Celery takes: a datetime, ISO text or seconds from now."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return timezone.now() + timedelta(seconds=value)
    parsed = maybe_iso8601(value)
    return maybe_make_aware(parsed, timezone.get_current_timezone())  # type: ignore[no-any-return]


def adopted_columns(request: dict[str, Any]) -> dict[str, Any]:
    """The columns of a row for a message that came from a foreign program."""
    hard, soft = request.get("timelimit") or (None, None)
    delivery = request.get("delivery_info") or {}
    named = {name: request.get(REQUEST_NAMES.get(name, name)) for name in KEPT}
    return {
        "options": kept_options({**named, **(request.get("stamps") or {})}),
        "queue": _queue_of(delivery.get("routing_key") or "", request["queues"]),
        "priority": delivery.get("priority") or DEFAULT_PRIORITY,
        "time_limit": hard,
        "soft_time_limit": soft,
        "retries": request.get("retries") or 0,
        "root_id": request.get("root_id") or "",
        "parent_id": request.get("parent_id") or "",
        "group_id": request.get("group") or "",
        "expires_at": moment(request.get("expires")),
        "ignore_result": bool(request.get("ignore_result")),
    }


def _queue_of(routing_key: str, served: tuple[str, ...]) -> str:
    """The queue out of which a message came: of those that its worker serves."""
    if routing_key in served:
        return routing_key
    queues = current_app.amqp.queues
    bound = [name for name in served if queues[name].routing_key == routing_key]
    return next(iter([*bound, *served]), queues.default_routing_key)


def request_from(job: Job, message: dict[str, Any]) -> dict[str, Any]:
    """The request that the function sees as `self.request`: built from the row, with
    nothing in it that Celery's tracer would act upon (links, chain, chord)."""
    options = loads(job.options) if job.options else {}
    return {
        **(options.get("headers") or {}),
        **(options.get("stamps") or {}),
        "id": job.id,
        "task": job.task_id,
        "lang": "py",
        "shadow": options.get("shadow"),
        "retries": job.retries,
        "root_id": job.root_id or job.id,
        "parent_id": job.parent_id or None,
        "group": job.group_id or None,
        "group_index": options.get("group_index"),
        "replaced_task_nesting": options.get("replaced_task_nesting", 0),
        "stamped_headers": options.get("stamped_headers"),
        "stamps": options.get("stamps") or {},
        "expires": job.expires_at.isoformat() if job.expires_at else None,
        "timelimit": [job.time_limit, job.soft_time_limit],
        "argsrepr": "()",
        "kwargsrepr": repr(sorted(job.params)),
        # Everything ends in our backend, also what nobody wants to read.
        "ignore_result": False,
        "lease": message["lease"],
        "hostname": message.get("hostname"),
        "is_eager": False,
        "headers": options.get("headers"),
        "origin": message.get("origin"),
        "properties": message.get("properties"),
        "correlation_id": job.id,
        "delivery_info": message.get("delivery_info") or {},
    }


def canvas_of(job: Job) -> dict[str, Any]:
    """What `Task.replace` must hand on: the parts that the request does not carry."""
    options = loads(job.options) if job.options else {}
    return {REQUEST_NAMES.get(name, name): options.get(name) for name in KEPT[:4]}
