"""Hurts a site of real processes at random, and checks that no job is lost, stuck or
done twice.

usage: python -m tests.whole.chaos [--seconds 300] [--seed 1] [--database URL]
       [--redis embedded|URL] [--broker URL]

The database is made for the run and removed after it. A server that was given is only
emptied of the queue of this run; the embedded one is killed and loses all its data.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.whole.chaos")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="", help="a PostgreSQL server; default SQLite")
    parser.add_argument("--redis", default="embedded", help="embedded, or a URL")
    parser.add_argument("--broker", default="", help="another broker, e.g. amqp://…")
    parser.add_argument("--keep", action="store_true", help="leave the folder with the logs")
    return parser.parse_args()


def main(chosen: argparse.Namespace) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):  # asked to end, it leaves nothing behind
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="batuta-chaos-"))
    try:
        from .ground import Ground

        with Ground(folder, chosen.database, chosen.redis, chosen.broker) as ground:
            outcome = ground.run(seconds=chosen.seconds, seed=chosen.seed)
            sys.stdout.write(outcome.text() + "\n")
        return 0 if outcome.is_fine else 1
    finally:
        if chosen.keep:
            sys.stdout.write(f"The logs are in {folder}.\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    sys.exit(main(options()))
