"""What should be in the rows: the state machine once more, as docs/states.md tells it.

Written without the product's code, so that the two do not share their mistakes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

FINAL = {"completed", "completed_with_errors", "failed", "cancelled", "expired"}
SUCCESSFUL = {"completed", "completed_with_errors"}
ACTIVE = {"running"}
WAITING = {"pending", "queued", "retrying", "paused"}
STILL = {"start", "upstream"}
MAX_LOST = 3


@dataclass
class Twin:
    """One job. `soon` and `overdue` stand for `not_before` and `expires_at`: None is
    never, False still to come, True passed."""

    id: str
    on_lost: str
    state: str = "queued"
    waiting_for: str = ""
    requested: str = ""
    queue: str = "nobody"
    attempt: int = 0
    lease: str | None = None
    retries: int = 0
    lost: int = 0
    checkpoint: Any = None
    errors_count: int = 0
    soon: bool | None = None
    overdue: bool | None = None
    # Its lease ran out, and nobody has looked yet.
    is_over: bool = False
    # Beside the row.
    bad: int = 0
    events: int = 0
    # Nobody knows what it would have been given, so it cannot be run again.
    was_born: bool = True
    has_link: bool = False
    chord: "Chord | None" = None

    COMPARED: ClassVar[tuple[str, ...]] = (
        "state", "waiting_for", "requested", "queue", "attempt", "lease", "retries", "lost",
        "checkpoint", "errors_count",
    )  # fmt: skip

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def is_free(self) -> bool:
        """A worker may take it."""
        return self.state == "queued" and self.overdue is not True

    def row(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.COMPARED}

    def move(self, state: str, waiting_for: str = "") -> None:
        self.state, self.waiting_for, self.requested = state, waiting_for, ""
        if state not in ACTIVE:
            self.lease, self.is_over = None, False

    def claim(self, lease: str) -> None:
        self.move("running")
        self.lease, self.attempt = lease, self.attempt + 1

    def again(self, state: str) -> None:
        """One more attempt, unless something else was asked for."""
        asked = {"": state, "pause": "paused", "cancel": "cancelled"}[self.requested]
        self.bad += 1
        self.move(asked)

    def lose(self) -> None:
        may_run_again = self.on_lost == "retry" and self.lost < MAX_LOST
        self.lost += 1
        if may_run_again or self.requested == "cancel":
            self.again("queued")
        else:
            self.bad += 1
            self.move("failed")

    def obey(self, heard: str) -> None:
        """The row may say something else by now: a cancel, or that the pause is off."""
        if heard == "cancel":
            self.move("cancelled")
        elif self.requested == "pause":
            self.move("paused")
        else:
            self.again("queued")

    def die(self, how: str) -> None:
        if how == "killed":
            self.lose()
        elif how == "terminated":
            self.move("paused" if self.requested == "pause" else "cancelled")
        elif how == "told to end" and self.on_lost == "retry":
            self.again("queued")
        else:
            self.bad += 1
            self.move("failed")

    # What people do.

    @property
    def may_pause(self) -> bool:
        if self.state in ACTIVE:
            return not self.requested
        return self.state in WAITING - {"paused"} and self.waiting_for not in STILL

    def pause(self) -> None:
        if self.state in ACTIVE:
            self.requested = "pause"
        else:
            self.move("paused")

    def resume(self) -> None:
        if self.state in ACTIVE:
            self.requested = ""
        elif self.soon is False:
            self.move("pending", "time")
        else:
            self.move("queued")

    def cancel(self) -> None:
        if self.state in ACTIVE:
            self.requested = "cancel"
        else:
            self.move("cancelled")


@dataclass
class Chord:
    """Parts that a body waits for."""

    body: str
    parts: list[Twin] = field(default_factory=list)
    is_over: bool = False


@dataclass
class Try:
    """An attempt, alive or given up: `attempt` is the product's own object."""

    job: Twin
    lease: str
    attempt: Any
    heard: str = ""
    is_lost: bool = False
    found_errors: int = 0
    errors: int = 0
    unwritten: int = 0

    @property
    def holds(self) -> bool:
        """Whether what it writes lands."""
        return self.job.lease == self.lease

    def writes(self) -> None:
        """Its report is in the row."""
        self.job.errors_count += self.unwritten
        self.unwritten = 0


class Twins:
    """All jobs; what follows an end follows here too."""

    def __init__(self) -> None:
        self.jobs: dict[str, Twin] = {}
        # Jobs whose link must have come to be.
        self.linked: list[Twin] = []

    def __iter__(self) -> Iterator[Twin]:
        return iter(list(self.jobs.values()))

    def add(self, job: Twin) -> Twin:
        self.jobs[job.id] = job
        return job

    def change(self, job: Twin, how: Callable[[Twin], object]) -> None:
        """Something happens to a job; if it ends by that, what comes next comes."""
        before = job.is_final
        how(job)
        if job.is_final and not before:
            self._follow(job)

    def _follow(self, job: Twin) -> None:
        if job.has_link and job.state in SUCCESSFUL:
            self.linked.append(job)
        chord = job.chord
        if chord is not None and all(part.is_final for part in chord.parts):
            assert not chord.is_over
            chord.is_over = True
            good = all(part.state in SUCCESSFUL for part in chord.parts)
            body = self.add(Twin(chord.body, "hold", "queued" if good else "failed"))
            body.was_born = good


# To whom a verb does something, and what.
VERBS: dict[str, tuple[Callable[[Twin], object], Callable[[Twin], object]]] = {
    "start": (lambda job: job.waiting_for == "start", Twin.resume),
    "pause": (lambda job: job.may_pause, Twin.pause),
    "resume": (lambda job: job.state == "paused" or job.requested == "pause", Twin.resume),
    "cancel": (lambda job: not job.is_final, Twin.cancel),
    # Its grace is over; it is its worker that hears of it.
    "terminate": (lambda job: job.state in ACTIVE and job.requested, lambda job: None),
    "fail": (lambda job: job.state in WAITING, lambda job: job.move("failed")),
}
