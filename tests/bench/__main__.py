"""Measures speed, both sides in one run, and prints one table.

usage: python -m tests.bench [PART...] [--rounds N] [--jobs N] [--database URL]
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable

from tests.bench import (
    bulk,
    crowd,
    delay,
    frames,
    iteration,
    limits,
    log,
    pages,
    rescue,
    schedules,
    throughput,
)
from tests.bench.ground import Ground
from tests.bench.table import Line, show

PARTS: dict[str, Callable[[Ground, argparse.Namespace], list[Line]]] = {
    "iteration": lambda ground, asked: iteration.measure(ground, asked.rounds),
    "throughput": lambda ground, asked: throughput.measure(ground, asked.rounds, asked.jobs),
    "frames": lambda ground, asked: frames.measure(ground, asked.rounds),
    "rescue": lambda ground, asked: rescue.measure(ground, asked.rounds, asked.jobs),
    "log": lambda ground, asked: log.measure(ground, asked.rounds),
    "delay": lambda ground, asked: delay.measure(ground, asked.rounds),
    "bulk": lambda ground, asked: bulk.measure(ground, asked.rounds, asked.many),
    "sockets": lambda ground, asked: crowd.measure(ground, asked.rounds, asked.sockets),
    "feed": lambda ground, asked: crowd.measure_feed(ground, asked.history, asked.lists),
    "schedules": lambda ground, asked: schedules.measure(ground, asked.rounds, asked.schedules),
    "limits": lambda ground, asked: limits.measure(
        ground,
        limits.Asked(
            asked.limited,
            asked.kill_every,
            asked.rated,
            asked.waiting,
            asked.rounds,
            asked.jobs,
        ),
    ),
    "pages": lambda ground, asked: pages.measure(ground, asked.rounds, asked.history),
}


def main() -> None:
    asked = _arguments()
    lines: list[Line] = []
    for name in asked.parts or PARTS:
        print(f"measuring {name} …", file=sys.stderr)
        with Ground(asked.database) as ground:
            lines += PARTS[name](ground, asked)
    database = "PostgreSQL" if asked.database else "SQLite"
    print(f"\n{platform.python_version()} · {os.cpu_count()} cores · {database} · "
          f"median of {asked.rounds} rounds, sides in turn\n")  # fmt: skip
    print(show(lines))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1500, help="no-ops in a round")
    parser.add_argument("--many", type=int, default=20_000, help="asked for at once")
    parser.add_argument("--sockets", type=int, default=5000, help="on one web process")
    parser.add_argument("--lists", type=int, default=200, help="of jobs, open in browsers")
    parser.add_argument("--history", type=int, default=100_000, help="jobs behind the pages")
    parser.add_argument("--limited", type=int, default=2_000, help="jobs of one limit")
    parser.add_argument("--kill-every", type=float, default=30, help="seconds")
    parser.add_argument("--rated", type=int, default=20, help="seconds of a rate")
    parser.add_argument("--waiting", type=int, default=200_000, help="jobs before a gate")
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument(
        "--database",
        default=os.environ.get("BENCH_DATABASE_URL", ""),
        help="URL of a PostgreSQL that may create databases; without it SQLite",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
