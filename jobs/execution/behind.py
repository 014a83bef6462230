"""What a worker leaves to others because they run newer code than it does.

While a site is deployed, workers of two releases take from the same queues. One that knows a
task with other parameters than the newest would call it with what it does not understand: it
lets go the message, and the job is rung again until one of the others gets it.
"""

import logging
from typing import Any

from django.db import Error as DatabaseError

from jobs.dispatch.message import HEADER
from jobs.models import Code, Job, Worker, from_now
from jobs.states import State

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 3.0
"""After so long a job that was let go is rung again."""
# Of this process: the tasks that it leaves to others, and the queues that those serve.
_left: dict[str, frozenset[str]] = {}


def look(code: str) -> None:
    """Which tasks others do better, who run newer code than `code`. Asked by the keeper with
    each renewal: one small question while all run the same."""
    global _left
    others = Worker.objects.taking().exclude(code__in=("", code))
    queues = list(others.values_list("code", "queues"))
    _left = _better(code, queues) if queues else {}


def _better(code: str, queues: list[tuple[str, list[str]]]) -> dict[str, frozenset[str]]:
    known = {code, *(other for other, _queues in queues)}
    codes = list(Code.objects.filter(pk__in=known))
    mine = next((each for each in codes if each.pk == code), None)
    if mine is None or mine is codes[0]:
        return {}
    newest = codes[0]
    served = frozenset(q for other, names in queues if other == newest.pk for q in names)
    return dict.fromkeys(mine.differs(newest), served)


def leaves(task: str, message: Any) -> bool:
    """Whether the message is for a worker of newer code that takes from the same queue."""
    if task not in _left or HEADER not in message.headers:
        return False
    return message.delivery_info.get("routing_key") in _left[task]


def hand_on(job_id: str) -> bool:
    """Ring again soon for a job that this worker leaves; False where there is no such job.
    Should the database be away, the relay rings for it as for any that nobody took."""
    try:
        rows = Job.objects.filter(pk=job_id, state=State.QUEUED)
        return bool(rows.update(ring_at=from_now(AGAIN_SECONDS)))
    except DatabaseError as error:
        logger.warning("The database cannot be reached: %s", error)
        return True


def others_know(job_id: str, task: str) -> bool:
    """Whether a worker with code for the task takes from the queue of the job."""
    queue = Job.objects.filter(pk=job_id, task=task).values_list("queue", flat=True).first()
    if queue is None:
        return False
    codes = Code.objects.filter(tasks__has_key=task).values("pk")
    found = Worker.objects.taking().filter(code__in=codes).values_list("queues", flat=True)
    return any(queue in names for names in found)
