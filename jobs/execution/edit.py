"""Change what was asked for, as long as it has not started."""

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import registry
from jobs.dispatch.changes import FACTS, move_and_tell, tell_on_commit
from jobs.dispatch.entrance import enter
from jobs.dispatch.files import keep_upload, save_files
from jobs.dispatch.keys import columns_of
from jobs.dispatch.wake import leave_on_commit
from jobs.models import Artifact, Event, Job, JobQuerySet
from jobs.params import Invalid
from jobs.states import State, WaitingFor

from . import queues
from .order import Order

KEEP: Any = object()
"""Leave it as it is, where None has a meaning of its own."""
LOWEST, HIGHEST = 0, 9
_COLUMNS = ("id", "task", "queue", "priority", "not_before", "expires_at", "params")
_READ = (*_COLUMNS, "owner", "line", "concurrency_key")
# Nothing but a limit or the broker stands in its way.
_UNSENT = Q(
    state=State.PENDING,
    waiting_for__in=(WaitingFor.SLOT, WaitingFor.RATE, WaitingFor.BROKER),
)


def edit(  # noqa: PLR0913 (each is one thing that can be changed)
    chosen: JobQuerySet,
    order: Order,
    *,
    queue: str | None = None,
    priority: int | None = None,
    not_before: datetime | None = KEEP,
    expires_at: datetime | None = KEEP,
    params: Mapping[str, Any] | None = None,
) -> int:
    """Change the chosen jobs that have not started; how many now are different.

    `not_before` None is "as soon as possible", `expires_at` None is "never". `params` are
    for one job: what `enqueue` takes. Raises params.Invalid with the errors of each field,
    registry.UnknownTask, and ValueError for parameters of several jobs.
    """
    given: dict[str, Any] = {"queue": queue, "priority": priority}
    changes = {name: value for name, value in given.items() if value is not None}
    times: dict[str, Any] = {"not_before": not_before, "expires_at": expires_at}
    changes |= {name: value for name, value in times.items() if value is not KEEP}
    with transaction.atomic():
        jobs = list(chosen.waiting().select_for_update(of=("self",)).only(*_READ))
        refuse_wrong(changes, {job.queue for job in jobs})
        if params is not None:
            changes |= _parameters(jobs, params)
        return _written(jobs, changes, order)


def refuse_wrong(changes: Mapping[str, Any], own_queues: Set[str] = frozenset()) -> None:
    """Nothing that nobody serves (a job may stay where it is), and nothing that would end
    at once. Raises params.Invalid."""
    problems: dict[str, list[str]] = {}
    if "queue" in changes and changes["queue"] not in queues.known() | own_queues:
        problems["queue"] = [_("No task and no setting names this queue.")]
    if not LOWEST <= changes.get("priority", LOWEST) <= HIGHEST:
        problems["priority"] = [_("Give a number from 0 to 9, the highest.")]
    if (expires := changes.get("expires_at")) and expires <= timezone.now():
        problems["expires_at"] = [_("This moment has passed.")]
    if problems:
        raise Invalid(problems)


def _parameters(jobs: list[Job], params: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of other parameters; files that come with them become files of the job."""
    if len(jobs) > 1:
        raise ValueError(_("Parameters are edited one job at a time."))
    if not jobs:
        return {}
    files: list[Artifact] = []
    parameters = registry.get(jobs[0].task_id).parameters
    values = parameters.validate(params)
    stored = parameters.store(values, lambda upload: keep_upload(upload, jobs[0].pk, files))
    save_files(files)
    columns = {"params": stored, "arguments": "", "field_errors": None}
    return columns | columns_of(jobs[0].task_id, stored, jobs[0].owner_id)


def _written(jobs: list[Job], changes: dict[str, Any], order: Order) -> int:
    """Write what differs, tell of it, and let it take effect."""
    events = [event for job in jobs if (event := _event(job, changes, order))]
    mine = Job.objects.filter(pk__in=[event.job_id for event in events])
    changed = mine.waiting().update_returning(FACTS, **changes, version=F("version") + 1)
    for job in changed:
        tell_on_commit(job)
    written = {job.pk for job in changed}
    Event.objects.bulk_create([event for event in events if event.job_id in written])
    if changes.keys() & {"queue", "priority"}:
        # The old message finds the job taken, or in a queue that is none of its worker's.
        mine.filter(state=State.QUEUED).update(ring_at=Now())
    for job in jobs:
        if job.line != changes.get("line", job.line):
            _line_up_anew(mine, job)
    if "not_before" in changes:
        _wait_for_time(mine, changes["not_before"])
    return len(changed)


def _line_up_anew(mine: JobQuerySet, job: Job) -> None:
    """With other keys it waits behind others, and leaves the place that it held."""
    enter(mine.filter(Q(state=State.QUEUED) | _UNSENT))
    leave_on_commit(job.task_id, job.concurrency_key)


def _wait_for_time(jobs: JobQuerySet, moment: datetime | None) -> None:
    """Hold back what was on its way, or let go what waited for its time."""
    if moment is not None and moment > timezone.now():
        held_back = jobs.filter(Q(state=State.QUEUED) | _UNSENT)
        move_and_tell(held_back, State.PENDING, waiting_for=WaitingFor.TIME)
    else:
        enter(jobs.filter(state=State.PENDING, waiting_for=WaitingFor.TIME))


def _event(job: Job, changes: Mapping[str, Any], order: Order) -> Event | None:
    """What of the job becomes different; None when nothing does."""
    before, after = {}, {}
    for name in (each for each in _COLUMNS if each in changes):
        old, new = getattr(job, name), changes[name]
        if old != new:
            before[name], after[name] = _told(job, name, old), _told(job, name, new)
    return order.event("edit", job, before, after) if after else None


def _told(job: Job, name: str, value: Any) -> Any:
    """As an event may say it: without secrets."""
    if name == "params":
        return registry.shown(job.task_id, value)
    return value.isoformat() if isinstance(value, datetime) else value
