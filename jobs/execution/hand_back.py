"""The way out: a waiting job becomes a plain message of Celery, which any worker runs."""

from typing import Any

import celery
from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from jobs import registry
from jobs.dispatch.changes import move_and_tell
from jobs.dispatch.enqueue import DEFAULT_PRIORITY
from jobs.dispatch.message import broker_priority
from jobs.dispatch.typed import loads
from jobs.models import Event, Job
from jobs.params import Invalid
from jobs.states import State, WaitingFor

from .fit import Arguments, sent
from .options import KEPT
from .order import Order

_BY_THEMSELVES = (WaitingFor.TIME, WaitingFor.BROKER, WaitingFor.SLOT, WaitingFor.RATE)
# Stamps are told by their own names.
_OPTIONS = ("priority", *(name for name in KEPT if name != "stamps"))
LEAVING = Q(state__in=[State.QUEUED, State.RETRYING]) | Q(
    state=State.PENDING, waiting_for__in=_BY_THEMSELVES
)
"""What would run without anybody's word: the others wait for a person or another job."""


def hand_back(job: Job, order: Order) -> bool:
    """Send it as a plain message, and end its row, so that nobody of ours runs it; False
    when somebody was first. Raises Invalid and registry.UnknownTask for what no plain
    message can say, and kombu's OperationalError.

    It is not `finish`: the job does not end, it goes on elsewhere. What comes after it
    (links, chain, chord) goes along in the message, and its result is that worker's.
    """
    args, kwargs = _plain(job)
    with transaction.atomic():
        chosen = Job.objects.filter(LEAVING, pk=job.pk)
        words = _("It was handed back to plain Celery.")
        moved = move_and_tell(chosen, State.CANCELLED, reason=words)
        if not moved:
            return False
        Event.objects.bulk_create(order.events("hand_back", moved, State(job.state)))
        # Before the commit: one that cannot be sent stays ours.
        _send(job, args, kwargs)
    return True


def _plain(job: Job) -> Arguments:
    """Its arguments without what only we understand: files and sealed secrets."""
    try:
        parameters = registry.get(job.task_id).parameters
    except registry.UnknownTask:
        if not job.arguments:
            raise
        return sent(job)
    if parameters.has_secrets:
        raise Invalid({"": [_("It was given a secret, which would lie open in the broker.")]})
    if job.arguments:
        return sent(job)
    return parameters.split(parameters.load(job.params, _refuse_file))


def _refuse_file(key: str) -> Any:
    raise Invalid({"": [_("It was given a file, which a message cannot hold.")]})


def _send(job: Job, args: list[Any], kwargs: dict[str, Any]) -> None:
    app = current_app._get_current_object()
    options = loads(job.options) if job.options else {}
    if job.priority != DEFAULT_PRIORITY:
        options["priority"] = broker_priority(job.priority, _transport(app))
    # Celery's own: ours would make a job of it.
    celery.Celery.send_task(
        app,
        job.task_id,
        args,
        kwargs,
        task_id=job.pk,
        queue=job.queue,
        eta=job.not_before,
        expires=job.expires_at,
        retries=job.retries,
        soft_time_limit=job.soft_time_limit,
        time_limit=job.time_limit,
        root_id=job.root_id or None,
        parent_id=job.parent_id or None,
        group_id=job.group_id or None,
        ignore_result=job.ignore_result,
        add_to_parent=False,
        **{name: options[name] for name in _OPTIONS if name in options},
        **(options.get("stamps") or {}),
    )


def _transport(app: Any) -> str:
    with app.connection_for_write() as connection:
        return str(connection.transport.driver_type)
