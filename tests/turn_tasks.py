"""Tasks whose jobs wait for each other."""

import os
import time
from pathlib import Path

from jobs import task


@task(max_running=2)
def two_at_once(seconds: float = 0) -> None:
    """Two run at once."""


@task(concurrency_key="{customer}")
def one_each(customer: str) -> None:
    """One of each customer."""


@task(max_running=3, max_running_per_key=2, concurrency_key=lambda customer: customer.lower())
def some_each(customer: str) -> None:
    """Two of each customer, three in all."""


@task(concurrency_key="{customer}", on_conflict="skip")
def first_wins(customer: str) -> None:
    """A second one is skipped."""


@task(concurrency_key="{customer}", on_conflict="cancel")
def last_wins(customer: str) -> None:
    """The older one makes room."""


@task(rate="10/m")
def slowly() -> None:
    """One each six seconds."""


@task(rate="10/m", burst=3, rate_key="{domain}")
def slowly_each(domain: str) -> None:
    """For each domain one in six seconds, three after a pause."""


@task(max_running=1, fair_by="owner")
def by_turns() -> None:
    """Owners take turns."""


@task(fair_by="{customer}")
def fairly(customer: str) -> None:
    """Customers take turns at the workers."""


@task(max_running=1, fair_by="{customer}")
def one_by_one(customer: str) -> None:
    """One at once, and customers take turns."""


def _note(book: str, sign: str) -> None:
    with Path(book).open("a") as file:  # a line of that size is written whole
        file.write(f"{sign} {time.time()}\n")


@task(max_running=2)
def note_turn(book: str, seconds: float) -> None:
    """Write down when it begins and ends."""
    _note(book, "+")
    time.sleep(seconds)
    _note(book, "-")


@task(concurrency_key="{customer}")
def note_customer(customer: str, book: str) -> None:
    """The same, one of each customer, and in which process."""
    own = f"{book}-{customer}-{os.getpid()}"
    _note(own, "+")
    time.sleep(0.1)
    _note(own, "-")


@task(rate="10/s")
def note_rate(book: str) -> None:
    """The same, ten in a second."""
    _note(book, "+")
