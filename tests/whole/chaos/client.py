"""The program that asks for jobs. It keeps a number of them on their way until it is told
to end, and writes down each wish once it is granted.

Started anew after it was killed it goes on where it was: a wish that was granted and not
written down is found in the database.
"""

import os
import random
import signal
import threading
from pathlib import Path

import django

django.setup()

from django.db import Error as DatabaseError  # noqa: E402
from django.db import connections, transaction  # noqa: E402

from jobs.models import Job  # noqa: E402

from .wishes import KINDS  # noqa: E402

ON_THEIR_WAY = int(os.environ.get("CHAOS_ON_THEIR_WAY", "60"))


def main(book: Path, seed: int) -> None:
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.set())
    number = len(book.read_text().splitlines()) if book.exists() else 0
    while not stopped.is_set():
        try:
            if Job.objects.live().count() >= ON_THEIR_WAY:
                stopped.wait(0.1)
                continue
            label = granted(number, seed)
        except DatabaseError:  # cut off, or busy: the same wish once more
            connections.close_all()
            stopped.wait(0.1)
            continue
        with book.open("a") as lines:
            lines.write(f"{label}\n")
        number += 1


def granted(number: int, seed: int) -> str:
    """Ask for the jobs of wish number `number`, all or none; its label."""
    dice = random.Random(f"{seed} {number}")
    kind = dice.choices(list(KINDS), [kind.weight for kind in KINDS.values()])[0]
    label = f"{kind}-{number}"
    with transaction.atomic():
        if not Job.objects.filter(params__label=label).exists():
            KINDS[kind].asks(label, dice)
    return label


if __name__ == "__main__":
    main(Path(os.environ["CHAOS_BOOK"]), int(os.environ["CHAOS_SEED"]))
