"""The routing rules, each with the tasks that it holds for and whether somebody serves it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from jobs import permissions
from jobs.execution import routing
from jobs.models import Route, Task, Worker


@dataclass
class Told:
    pattern: str
    queue: str
    is_served: bool
    """Whether a worker takes from its queue now."""
    tasks: list[Task] = field(default_factory=list)
    """Those that the person may see, and of which no other rule and no policy comes first."""


def rules(user: permissions.Person) -> list[Told]:
    """In their order."""
    rows = list(Route.objects.order_by("place"))
    served = _served()
    found = [Told(row.pattern, row.queue, row.queue in served) for row in rows]
    for task in permissions.tasks(user).filter(queue="").order_by("name").only("name", "title"):
        first = next((n for n, row in enumerate(rows) if row.means(task.name)), None)
        if first is not None:
            found[first].tasks.append(task)
    return found


def text(rules: Iterable[tuple[str, str]]) -> str:
    """As people write them."""
    return "".join(f"{pattern} {queue}\n" for pattern, queue in rules)


def unserved() -> list[str]:
    """The queues of rules that no worker takes from now."""
    return sorted({queue for _pattern, queue in routing.told()} - _served())


def _served() -> set[str]:
    workers = Worker.objects.with_health()
    return {queue for worker in workers if worker.takes for queue in worker.queues}
