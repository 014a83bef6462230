"""What comes after a job: links, the rest of its chain, errbacks, the chord's body.

Celery's tracer would send these before the result is stored, so that an attempt that
was long given up could still drive the canvas. The claim takes them off the request;
they are inserted here, inside the transaction that ends the job.
"""

import json
from typing import Any

from celery import chord, current_app, group
from celery.app.task import Context
from celery.canvas import Signature, _chain, maybe_signature
from celery.exceptions import ChordError
from celery.result import result_from_tuple
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_results.models import ChordCounter

from jobs.dispatch.caller import caller_id
from jobs.dispatch.changes import FACTS, tell_on_commit
from jobs.dispatch.policy import policy_of, routed_queue
from jobs.dispatch.typed import loads
from jobs.models import Job, new_id
from jobs.states import SUCCESSFUL, State, WaitingFor

from .options import kept_options
from .outcome import Ending
from .result import store_task_result


def follow(job: Job, ending: Ending, *, calls_errbacks: bool = True) -> None:
    """Insert whatever comes next of `job`, which has just ended."""
    if not job.options:
        return
    options = loads(job.options)
    if ending.state in SUCCESSFUL:
        _apply_links(job, options.get("link"), ending.value)
        _apply_chain(job, options.get("chain"), ending.value)
    else:
        if calls_errbacks:
            _apply_errbacks(job, options, ending)
        _fail_chain(options.get("chain"), ending)
    if options.get("chord"):
        _count_chord_part(job, options["chord"])


def _apply_links(job: Job, links: list[Any] | None, value: Any) -> None:
    for link in links or ():
        _signature(link).apply_async((value,), **_lineage(job))


def _apply_chain(job: Job, chain: list[Any] | None, value: Any) -> None:
    """Celery keeps the rest of a chain in reverse: the next step is the last one."""
    if chain:
        step = _signature(chain[-1])
        step.apply_async((value,), chain=chain[:-1], **_lineage(job))


def _lineage(job: Job) -> dict[str, Any]:
    return {"parent_id": job.id, "root_id": job.root_id or job.id, "add_to_parent": False}


def _apply_errbacks(job: Job, options: dict[str, Any], ending: Ending) -> None:
    """Celery calls errbacks of the new style at once in the worker; that is somebody's
    code and must not run inside our transaction. Those of the old style are jobs."""
    errbacks = options.get("link_error")
    if not errbacks:
        return
    request = Context(
        id=job.id,
        task=job.task_id,
        errbacks=errbacks,
        root_id=job.root_id or job.id,
        parent_id=job.parent_id,
        delivery_info={"is_eager": False},
    )
    error = ending.exception or ChordError(ending.reason)
    backend = current_app.backend
    transaction.on_commit(
        lambda: backend._call_task_errbacks(request, error, ending.traceback), robust=True
    )


def _fail_chain(chain: list[Any] | None, ending: Ending) -> None:
    """The steps that will never come are told as failed: somebody may wait for them.
    Errbacks are called for the step that failed only, as Celery does."""
    error = ending.exception or ChordError(ending.reason)
    for data in reversed(chain or []):
        step = _signature(data)
        _fail_unborn(step, _("A step before it did not succeed."), error, errbacks=False)


def _count_chord_part(job: Job, body: Any) -> None:
    """The guarded end of a part happens once, so each part counts once, however often
    its message was delivered. The row lock of the counter puts the parts in order."""
    counter = ChordCounter.objects.filter(group_id=job.group_id)
    if not counter.update(count=F("count") - 1):
        return
    if (row := counter.get()).count > 0:
        return
    parts = [result_from_tuple(part, app=current_app).id for part in json.loads(row.sub_tasks)]
    counter.delete()
    _start_body(_signature(body), parts)


def _start_body(body: Signature, part_ids: list[str]) -> None:
    backend = current_app.backend
    metas = [backend.get_task_meta(part_id, cache=False) for part_id in part_ids]
    broken = [m for m in metas if m["status"] in backend.EXCEPTION_STATES]
    if not broken:
        body.apply_async(([meta["result"] for meta in metas],), add_to_parent=False)
        return
    error = ChordError(f"Dependency {broken[0]['task_id']} raised {broken[0]['result']!r}")
    _fail_unborn(body, _("A part of its chord did not succeed."), error)
    _fail_chain(list(reversed(body.options.get("chain") or [])), Ending.failure(error))


def _fail_unborn(
    signature: Signature, reason: str, error: BaseException, *, errbacks: bool = True
) -> None:
    """End what can never start, so that nobody waits for it: its row, if a replaced task
    left one behind, or a row of its own."""
    for part in _parts(signature):
        ending = Ending(State.FAILED, reason, exception=error)
        job = _row_of(part, ending)
        if job is not None:
            store_task_result(job, ending)
            follow(job, ending, calls_errbacks=errbacks)
            tell_on_commit(job)


def _parts(signature: Signature) -> list[Signature]:
    """The calls that a signature waits for in the end."""
    if isinstance(signature, chord):
        return _parts(signature.body)
    if isinstance(signature, group | _chain):
        return [part for task in signature.tasks for part in _parts(_signature(task))]
    return [signature]


def _row_of(signature: Signature, ending: Ending) -> Job | None:
    job_id = signature.options.get("task_id") or new_id()
    columns = {"reason": ending.reason, **ending.error_columns}
    left = Job.objects.filter(
        pk=job_id, state=State.PENDING, waiting_for=WaitingFor.UPSTREAM
    ).move_returning(State.FAILED, (*FACTS, "options", "group_id", "params"), **columns)
    if left:
        return left[0]
    if Job.objects.filter(pk=job_id).exists():
        return None
    return Job.objects.create(
        id=job_id,
        task_id=signature.task,
        owner_id=caller_id(),
        state=State.FAILED,
        queue=_queue_of(signature),
        finished_at=timezone.now(),
        options=kept_options(signature.options),
        group_id=signature.options.get("group_id") or "",
        root_id=signature.options.get("root_id") or "",
        **columns,
    )


def _queue_of(signature: Signature) -> str:
    queue = signature.options.get("queue")
    if queue:
        return str(getattr(queue, "name", queue))
    return policy_of(signature.task).queue or routed_queue(signature.task)


def _signature(data: Any) -> Signature:
    return maybe_signature(data, app=current_app._get_current_object())
