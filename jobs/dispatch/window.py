"""How many jobs of a queue have a message in the broker; the others wait in their rows.

Every call of a task asks, so each process counts for itself and looks at the rows once in
a while: a few messages too many harm nobody, a million would be the broker's memory.
"""

import math
import time
from dataclasses import dataclass

from django.db.models.functions import Now

from jobs.conf import configuration
from jobs.models import Job, Leader
from jobs.states import State

LOOK_SECONDS = 1.0


def room_of(queue: str) -> int:
    """How many more messages the queue may have in the broker now."""
    most = configuration().outstanding_per_queue
    rung = Job.objects.filter(state=State.QUEUED, queue=queue, ring_at__gt=Now())
    return most - rung.order_by().values("pk")[:most].count()


@dataclass
class Window:
    room: float = 0
    valid_until: float = 0.0

    def admits_one_more(self, queue: str) -> bool:
        if time.monotonic() >= self.valid_until:
            self.look(queue)
        self.room -= 1
        return self.room >= 0

    def look(self, queue: str) -> None:
        # Without a relay nobody would ring later for what finds no room now.
        self.room = room_of(queue) if Leader.is_held(Leader.RELAY) else math.inf
        self.valid_until = time.monotonic() + LOOK_SECONDS


_windows: dict[str, Window] = {}


def admits(queue: str) -> bool:
    """Whether a new job of the queue is rung for at once; if not, the relay does it as
    soon as there is room."""
    return _windows.setdefault(queue, Window()).admits_one_more(queue)


def look_again() -> None:
    """Forget what was counted: at the next job the rows are looked at."""
    _windows.clear()
