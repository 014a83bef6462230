"""What many schedules cost beat: to start, to find nothing due, to heed an edit, to fire
many that come in the same moment, and to go on with it. Each in a process of its own."""

import json
import subprocess
import sys
from typing import Any

from tests.bench.ground import Ground
from tests.bench.side import BASE, OURS, STOCK, Side
from tests.bench.table import Line, Target

CRONTABS_PER_SCHEDULE = 10
DUE_PER_SCHEDULE = 10
PATIENCE_SECONDS = 900

ROWS = (
    ("start", "start with {n} schedules", "s", Target(5, unit="s")),
    ("idle", "a tick that finds nothing due", "ms", Target(50, unit="ms")),
    ("edit", "one schedule edited → heeded", "s", Target(1, unit="s")),
    ("due", "{due} due at once → all asked for", "s", Target(5, unit="s")),
    ("lag", "100 fires each second → lag p99", "s", Target(1, unit="s")),
    ("memory", "memory of the process", "MB", Target(200, unit="MB")),
)


def measure(ground: Ground, rounds: int, schedules: int) -> list[Line]:
    """Once each, whatever `rounds` says: stock beat may take minutes for it."""
    ours = figures(ground.side(OURS), "project.celery", schedules)
    stock = figures(ground.side(STOCK), "tests.bench.stock.celery", schedules)
    words = {"n": f"{schedules:,}", "due": f"{schedules // DUE_PER_SCHEDULE:,}"}
    return [
        Line(what.format(**words), unit, [ours[key]], *_beside(stock, key), target)
        for key, what, unit, target in ROWS
        if key in ours
    ]


def _beside(stock: dict[str, Any], key: str) -> tuple[str, list[float]]:
    return ("stock beat", [stock[key]]) if key in stock else ("", [])


def figures(side: Side, module: str, schedules: int) -> dict[str, Any]:
    """What `tests.bench.beat` measured; nothing when it did not survive."""
    crontabs, due = schedules // CRONTABS_PER_SCHEDULE, schedules // DUE_PER_SCHEDULE
    try:
        told(side, module, "seed", schedules, crontabs, due)
        return told(side, module, "measure", due)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        print(f"{side.kind.name}: {failure}\n{side.last_words()[-600:]}", file=sys.stderr)
        return {}


def told(side: Side, *words: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.beat", *map(str, words)]
    with side.log.open("a") as log:
        done = subprocess.run(
            command, cwd=BASE, env=side.environment, stdout=subprocess.PIPE, stderr=log,
            text=True, timeout=PATIENCE_SECONDS, check=True,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
