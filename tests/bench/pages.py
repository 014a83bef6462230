"""How long the server takes for each page, of a long history and of people who see
different parts of it; and how many queries. On PostgreSQL only."""

import sys
from statistics import median

from tests.bench.ground import Ground
from tests.bench.side import OURS
from tests.bench.table import Line, Target

MILLISECONDS = 100


def measure(ground: Ground, rounds: int, jobs: int) -> list[Line]:
    """`jobs` rows; each page `4 × rounds` times after one that is not counted."""
    if not ground.database:
        print("pages are measured on PostgreSQL: give --database", file=sys.stderr)
        return []
    side = ground.side(OURS)
    side.tell("seed", jobs=jobs)
    lines = []
    for who, page, queries, times in side.tell("look", tries=4 * rounds):
        what = f"{page} as {who}, {queries} queries"
        lines += [
            Line(f"{what}, p50", "ms", [median(times)]),
            Line(f"{what}, p95", "ms", [_p95(times)], target=Target(MILLISECONDS, unit="ms")),
        ]
    return lines


def _p95(times: list[float]) -> float:
    return sorted(times)[max(0, round(0.95 * len(times)) - 1)]
