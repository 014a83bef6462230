"""What a Celery worker does beside Celery: connected to its signals at start."""

from typing import Any

from celery import signals
from celery.utils.functional import maybe_list
from celery.worker import control
from celery.worker.control import control_command

from jobs import registry
from jobs.dispatch.forks import between_forks, guard_forks
from jobs.models import Task

from . import capture, leaving, limits, memory, unacknowledged
from .backend import given_up, told_by_parent
from .keeper import Keeper, running_requests
from .presence import Presence
from .rescue import TERMINATE
from .senseless import unknown_task, unreadable_message
from .vitals import tally

_keeper: Keeper | None = None


def follow_registry() -> None:
    """The catalogue says what this code says."""
    Task.objects.all().follow(registry.all(), registry.broken)


@signals.worker_init.connect
def prepare(**kwargs: Any) -> None:
    limits.note_main_process()
    registry.discover()
    unacknowledged.install()
    guard_forks()
    with between_forks():
        follow_registry()


@signals.celeryd_after_setup.connect
def begin_capture(instance: Any = None, **kwargs: Any) -> None:
    # Before the pool forks, so that each child has it.
    capture.install()
    memory.limit(instance)


@signals.worker_ready.connect
def begin_keeping(sender: Any, **kwargs: Any) -> None:
    global _keeper
    _keeper = Keeper(Presence(sender))
    _keeper.start()


@signals.worker_shutting_down.connect
def begin_leaving(**kwargs: Any) -> None:
    leaving.tell()
    tell_soon()


def tell_soon() -> None:
    """What this worker tells of itself is no longer true, or will not be in a moment."""
    if _keeper is not None:
        _keeper.news.set()


@signals.worker_shutdown.connect
def say_farewell(**kwargs: Any) -> None:
    if _keeper is not None:
        _keeper.managed(_keeper.presence.leave)


@signals.task_unknown.connect
def tell_of_unknown_task(sender: Any, name: str, id: str, **kwargs: Any) -> None:
    tally.heard += 1
    with told_by_parent(id):
        unknown_task(id, name, sender.hostname)


@signals.task_rejected.connect
def tell_of_unreadable_message(
    sender: Any, message: Any, exc: BaseException | None, **kwargs: Any
) -> None:
    tally.heard += 1
    with told_by_parent(str((message.headers or {}).get("id"))):
        unreadable_message(sender.hostname, exc)


@control_command(name=TERMINATE, args=[("lease", str)])
def terminate_attempt(state: Any, lease: str) -> dict[str, str]:
    """End the process of one attempt. By lease, not by id as Celery's `revoke` does: that
    blocks an id for hours, and a job that is rung again has the same one."""
    for request in running_requests():
        if request.lease == lease:
            request.terminate(state.consumer.pool, signal="SIGTERM")
            return {"ok": lease}
    return {"ok": ""}


@control_command(
    name="revoke", variadic="task_id", signature="[id1 [id2 [... [idN]]]]", help="Revoke tasks."
)
def revoke(state: Any, task_id: Any, *args: Any, **kwargs: Any) -> Any:
    """Celery's own waits for a message, and forgets with the worker. A row that waits for
    its time or its start has no message yet: it ends at once."""
    told = control.revoke(state, task_id, *args, **kwargs)
    ids = [str(each) for each in maybe_list(task_id) or []]
    with told_by_parent(", ".join(ids)):
        given_up(ids)
    return told
