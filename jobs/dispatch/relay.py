"""The relay rings for what nobody rang for: due, freed, resumed, or lost by the broker."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from jobs.conf import configuration
from jobs.models import Job, JobQuerySet, Task
from jobs.states import State, WaitingFor

from . import closed
from .changes import move_and_tell
from .entrance import enter
from .message import COLUMNS, Unringable, reach_broker, ring_or_blame
from .publisher import cannot_be_rung, waits_for_broker
from .window import room_of

logger = logging.getLogger(__name__)

# At most this many times the pause before the next ring doubles: a message that is lost
# without a trace costs a job minutes, not hours.
DOUBLINGS = 4


def release_due() -> int:
    """Queue the jobs whose time has come or whose task is enabled again; how many."""
    reasons = (WaitingFor.TIME, WaitingFor.TASK)
    ripe = Q(state=State.RETRYING) | Q(state=State.PENDING, waiting_for__in=reasons)
    due = Q(not_before=None) | Q(not_before__lte=Now())
    disabled = Task.objects.filter(enabled=False).values("pk")
    return _enter(Job.objects.live().filter(ripe & due).exclude(task__in=disabled))


def release_next() -> int:
    """Queue the fires of schedules that waited for those before them, one of each; how
    many. A job that replaced itself waits likewise, but has begun; those of a backfill
    have turns of their own."""
    waits = Q(state=State.PENDING, waiting_for=WaitingFor.UPSTREAM, attempt=0)
    waits &= Q(schedule__isnull=False, due_at__isnull=False, backfill=None)
    earlier = ~waits | Q(due_at__lt=OuterRef("due_at"))
    mine = Q(schedule=OuterRef("schedule"), backfill=None)
    before = Job.objects.live().filter(earlier, mine)
    disabled = Task.objects.filter(enabled=False).values("pk")
    return _enter(Job.objects.live().filter(waits & ~Exists(before)).exclude(task__in=disabled))


def _enter(freed: JobQuerySet) -> int:
    """Each round asks, and hardly ever is there one: to ask is cheap, to decide is not."""
    return len(enter(freed, rings=False)) if freed.exists() else 0


def ring_due() -> int:
    """Ring for the rows whose moment to be rung has come; how many had their turn."""
    jobs = _due()
    done: list[Job] = []
    try:
        _bring_back([job for job in jobs if job.state == State.PENDING])
        for job in jobs:
            _ring(job)
            done.append(job)
    except OperationalError as error:
        logger.warning("The broker cannot be reached: %s", error)
        waits_for_broker(jobs[len(done) :])
    _stamp(done)
    return len(done)


def _ring(job: Job) -> None:
    """What keeps this one from being rung must not keep those behind it waiting."""
    try:
        ring_or_blame(job)
    except Unringable as error:
        cannot_be_rung(job, error)


def _bring_back(jobs: list[Job]) -> None:
    """Queue what waited for the broker before it is rung: a worker that comes at once
    takes only what is queued. Raises what the broker does while nobody answers."""
    if not jobs:
        return
    reach_broker()
    back = Job.objects.filter(pk__in=[job.pk for job in jobs])
    waited = back.filter(state=State.PENDING, waiting_for=WaitingFor.BROKER)
    move_and_tell(waited, State.QUEUED, queued_at=Now(), ring_at=Now())


def ring_all_again() -> int:
    """The broker lost its data: whatever nobody took is rung at the next tick."""
    return Job.objects.filter(state=State.QUEUED).update(ring_at=Now(), rings=0)


def is_any_due() -> bool:
    """Whether a job waits for its place in the broker."""
    return _unrung().exists()


def _due() -> list[Job]:
    """Of each open queue the first whose moment has come, as many as there is room for: one
    that nobody serves must not keep the others waiting."""
    now = closed.read()
    open_ones = (queue for queue in _queues() if not now.holds(queue))
    return [job for queue in open_ones for job in _first(queue, room_of(queue))]


def _unrung() -> JobQuerySet:
    waits = Q(state=State.QUEUED) | Q(state=State.PENDING, waiting_for=WaitingFor.BROKER)
    return Job.objects.filter(waits, ring_at__lte=Now())


def _queues() -> Iterator[str]:
    """Those with something to ring, found by leaps: a million jobs lie in a few queues."""
    names = _unrung().order_by("queue").values_list("queue", flat=True)
    queue = names.first()
    while queue is not None:
        yield queue
        queue = names.filter(queue__gt=queue).first()


def _first(queue: str, most: int) -> list[Job]:
    if most <= 0:
        return []
    jobs = _unrung().filter(queue=queue).order_by("-priority", "created_at", "pk")
    return list(jobs.only(*COLUMNS, "rings", "state")[:most])


def _stamp(rung: list[Job]) -> None:
    """When each is to be rung again should nobody take it: later and later."""
    by_rings: dict[int, list[str]] = defaultdict(list)
    for job in rung:
        by_rings[job.rings].append(job.pk)
    for rings, ids in by_rings.items():
        pause = configuration().ring_again_seconds * 2 ** min(rings, DOUBLINGS)
        again = {"ring_at": Now() + timedelta(seconds=pause), "rings": rings + 1}
        # A worker may have been so quick as to hand one on already, for a moment of its own.
        due = Job.objects.filter(pk__in=ids, state=State.QUEUED, ring_at__lte=Now())
        due.update(**again)
