"""How much is to do: what runs and what waits, by task."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from jobs.models import JobQuerySet

from .listing import COUNTED


@dataclass(frozen=True)
class Load:
    """Of one task. Of what waits, at most the first ten thousand of all tasks are counted."""

    running: int = 0
    waiting: int = 0

    @property
    def all(self) -> int:
        return self.running + self.waiting


def by_task(jobs: JobQuerySet) -> dict[str, Load]:
    """Of those of `jobs` that have not ended, by the names of their tasks."""
    active = jobs.filter(lease_expires_at__isnull=False).order_by()
    running = dict(active.values_list("task").annotate(n=Count("pk")))
    waiting = Counter(jobs.waiting().order_by().values_list("task", flat=True)[:COUNTED])
    return {
        str(name): Load(running.get(name, 0), waiting[name]) for name in {*running, *waiting}
    }
