"""What people do to jobs. Each verb takes the jobs that the door was allowed to choose,
moves those it may in guarded statements, and writes an Event for each, in one transaction.

The single action is the bulk action on one. A verb never talks to the broker or to a
worker: it writes what is wanted into the rows; workers and relay read it there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from jobs import registry
from jobs.conf import as_the_site_speaks
from jobs.dispatch.changes import FACTS, move_and_tell, tell_on_commit
from jobs.dispatch.enqueue import Wish, enqueue, insert
from jobs.dispatch.entrance import enter
from jobs.dispatch.files import given_again, save_files
from jobs.models import Artifact, Event, Job, JobQuerySet, new_id
from jobs.params import File
from jobs.states import ACTIVE, WAITING, Requested, State, WaitingFor

from .annotate import annotate as annotate
from .edit import edit as edit
from .finish import finish
from .fit import judge_call, sent
from .order import Order as Order
from .outcome import Ending


def start(chosen: JobQuerySet, order: Order) -> int:
    """Let held jobs go; how many."""
    held = chosen.filter(state=State.PENDING, waiting_for=WaitingFor.START)
    with transaction.atomic():
        _hold(chosen)
        moved = enter(held, reason="", field_errors={})
        return _noted("start", order, {State.PENDING: moved})


def pause(chosen: JobQuerySet, order: Order) -> int:
    """Pause what waits at once, ask what runs to pause at its next safe point; how many."""
    # What is held, or waits for other jobs, does not move by itself: nothing to pause.
    still = chosen.exclude(waiting_for__in=[WaitingFor.START, WaitingFor.UPSTREAM])
    with transaction.atomic():
        _hold(chosen)
        moved = {
            state: move_and_tell(still.filter(state=state), State.PAUSED)
            for state in WAITING - {State.PAUSED}
        }
        moved[State.RUNNING] = _ask(chosen.filter(requested=""), Requested.PAUSE)
        return _noted("pause", order, moved)


def resume(chosen: JobQuerySet, order: Order) -> int:
    """Queue paused jobs again, and withdraw what was asked of running ones; how many."""
    with transaction.atomic():
        _hold(chosen)
        moved = {State.PAUSED: enter(chosen.filter(state=State.PAUSED))}
        asked = chosen.filter(requested=Requested.PAUSE)
        moved[State.RUNNING] = _ask(asked, Requested.NOTHING)
        return _noted("resume", order, moved)


def cancel(chosen: JobQuerySet, order: Order) -> int:
    """Cancel what waits at once, ask what runs to stop; asked twice, it is terminated at
    the relay's next round. How many were cancelled or asked."""
    with transaction.atomic():
        _hold(chosen)
        ending = Ending(State.CANCELLED, order.reason)
        moved = {state: finish(chosen.filter(state=state), ending) for state in WAITING}
        asked_before = chosen.filter(requested=Requested.CANCEL)
        running = _ask(asked_before, Requested.CANCEL, now=True)
        running += _ask(chosen.exclude(requested=Requested.CANCEL), Requested.CANCEL)
        return _noted("cancel", order, {**moved, State.RUNNING: running})


def terminate(chosen: JobQuerySet, order: Order) -> int:
    """Do not wait for a safe point any longer: end the attempts that were asked to pause
    or to cancel, at the relay's next round. How many."""
    with transaction.atomic():
        _hold(chosen)
        asked = [(what, chosen.filter(requested=what)) for what in Requested if what]
        moved = [job for what, rows in asked for job in _ask(rows, what, now=True)]
        return _noted("terminate", order, {State.RUNNING: moved})


def stack(chosen: JobQuerySet, order: Order) -> int:
    """Ask running jobs where their functions are; each answers with its next report. Asked
    twice before that, it has been asked since the first time. How many were asked."""
    since = Coalesce("stack_asked_at", Now())
    with transaction.atomic():
        asked = _write(chosen.active(), stack_asked_at=since)
        by_state = {state: [job for job in asked if job.state == state] for state in ACTIVE}
        return _noted("stack", order, by_state)


def fail(chosen: JobQuerySet, order: Order) -> int:
    """Mark jobs as failed that no worker holds; how many."""
    with transaction.atomic(), as_the_site_speaks():
        ending = Ending(State.FAILED, order.reason or _("It was marked as failed by hand."))
        _hold(chosen)
        moved = {state: finish(chosen.filter(state=state), ending) for state in WAITING}
        return _noted("fail", order, moved)


def retry(
    job: Job,
    order: Order,
    *,
    params: Mapping[str, Any] | None = None,
    from_checkpoint: bool = False,
    job_id: str | None = None,
) -> Job:
    """A new job like one that has ended, linked to it, with the same or with edited
    parameters; `job_id` is for a caller who may ask twice, as in `enqueue`. Raises
    params.Invalid when they do not fit the task (any more), and ValueError when the job
    has not ended."""
    if not job.is_final:
        raise ValueError(_("A job can be run again when it has ended."))
    kept: dict[str, Any] = {"checkpoint": job.checkpoint} if from_checkpoint else {}
    kept["due_at"] = job.due_at
    wish = {"queue": job.queue, "priority": job.priority, "tags": job.tags, "retry_of": job}
    with transaction.atomic():
        if params is None:
            again = _same(job, Wish(**wish, columns=kept), job_id or new_id())
        else:
            again = enqueue(
                job.task_id, params, by=job.owner, job_id=job_id, **wish, columns=kept
            )
        _noted("retry", order, {State(job.state): [job]}, after={"job": again.pk})
    return again


def _same(job: Job, wish: Wish, job_id: str) -> Job:
    """A row with the very parameters of `job`, which must still fit its task."""
    judge(job)
    files: list[Artifact] = []
    params = given_again(job, job_id, files)
    again = insert(
        job.task_id,
        wish,
        id=job_id,
        owner_id=job.owner_id,
        params=params,
        arguments=job.arguments,
        field_errors=None if job.field_errors is None else {},
        ignore_result=job.ignore_result,
    )
    save_files(files)
    return again


def judge(job: Job) -> None:
    """Whether the job could be run again as it is: raises params.Invalid when its
    parameters fit its task no longer, registry.UnknownTask when nothing here knows that."""
    if not job.arguments:
        registry.get(job.task_id).parameters.load(job.params, _file_unread)
    else:
        judge_call(job, *sent(job))


def _file_unread(key: str) -> File:
    """Whether the parameters fit does not depend on what is in a file."""
    return File(name=key, size=0, content_type="", path=Path(key))


def _ask(chosen: JobQuerySet, what: Requested, *, now: bool = False) -> list[Job]:
    """Write into running jobs what is wanted of them. `now`: its grace is over."""
    at = Now() - F("grace") if now else Now()
    return _write(chosen.active(), requested=what, requested_at=at if what else None)


def _write(chosen: JobQuerySet, **columns: Any) -> list[Job]:
    """Change what is no state, and tell of it."""
    changed = chosen.update_returning(FACTS, **columns, version=F("version") + 1)
    for job in changed:
        tell_on_commit(job)
    return changed


def _hold(chosen: JobQuerySet) -> None:
    """Nobody moves them between the statements of one verb: what is rung, taken or paused
    in that moment would be overlooked by all of them."""
    list(chosen.live().select_for_update(of=("self",)).order_by("pk").values_list("pk"))


def _noted(
    verb: str,
    order: Order,
    moved: Mapping[State, list[Job]],
    after: Mapping[str, Any] | None = None,
) -> int:
    events = [e for before, jobs in moved.items() for e in order.events(verb, jobs, before)]
    for event in events:
        event.after = after or event.after
    Event.objects.bulk_create(events)
    return len(events)
