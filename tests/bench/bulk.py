"""Many jobs asked for at once: how many a second become rows, and what the backlog costs the
memory of who asks and the broker."""

from tests.bench.ground import Ground
from tests.bench.side import OURS
from tests.bench.table import Line, Target

ON_SQLITE, ON_POSTGRESQL = 3_000, 10_000
MOST_MESSAGES = 500


def measure(ground: Ground, rounds: int, jobs: int) -> list[Line]:
    """`rounds` times so many jobs, on top of each other, with a relay that rings for none."""
    side = ground.side(OURS)
    found = [side.tell("ask_many", count=jobs) for _round in range(rounds)]
    target = ON_POSTGRESQL if ground.database else ON_SQLITE
    rates = [jobs / each["seconds"] for each in found]
    memory = [each["megabytes"] for each in found]
    messages = [float(each["messages"]) for each in found]
    what = f"{jobs:,} jobs by enqueue_many"
    return [
        Line(what, "jobs/s", rates, target=Target(target, at_least=True, unit="jobs/s")),
        Line(f"{what}: memory grew by", "MB", memory, target=Target(50, unit="MB")),
        Line(
            f"{rounds * jobs:,} jobs waiting: messages",
            "",
            messages,
            target=Target(MOST_MESSAGES, unit="messages"),
        ),
    ]
