"""What a job can be: the only list of states, of their groups, and of the legal moves.

Every change of state is one guarded UPDATE whose WHERE comes from `SOURCES`; nothing
else in the code spells a state as a string or decides whether a move is legal.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where a job stands. The value is what the row, the API and the socket say."""

    PENDING = "pending", _("Pending")
    QUEUED = "queued", _("Queued")
    RETRYING = "retrying", _("Retrying")
    PAUSED = "paused", _("Paused")
    VALIDATING = "validating", _("Validating")
    RUNNING = "running", _("Running")
    COMPLETED = "completed", _("Completed")
    COMPLETED_WITH_ERRORS = "completed_with_errors", _("Completed with errors")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    SKIPPED = "skipped", _("Skipped")


class WaitingFor(TextChoices):
    """Why a pending job has no message in the broker."""

    START = "start", _("its start by hand")
    TIME = "time", _("its time")
    SLOT = "slot", _("a free slot")
    RATE = "rate", _("its rate limit")
    QUEUE = "queue", _("its queue, which is paused")
    TASK = "task", _("its task, which is disabled")
    UPSTREAM = "upstream", _("a job before it")
    BROKER = "broker", _("the broker, which cannot be reached")


class Requested(TextChoices):
    """What a person asked of a running job and it has not done yet."""

    NOTHING = "", _("nothing")
    PAUSE = "pause", _("pause")
    CANCEL = "cancel", _("cancel")


WAITING = frozenset({State.PENDING, State.QUEUED, State.RETRYING, State.PAUSED})
ACTIVE = frozenset({State.VALIDATING, State.RUNNING})
SUCCESSFUL = frozenset({State.COMPLETED, State.COMPLETED_WITH_ERRORS})
FINAL = SUCCESSFUL | {State.FAILED, State.CANCELLED, State.EXPIRED, State.SKIPPED}
LIVE = WAITING | ACTIVE

# For each state, the states that a job may come from. Final states have no way out.
SOURCES: dict[State, frozenset[State]] = {
    State.PENDING: LIVE,
    State.QUEUED: LIVE,
    State.RETRYING: ACTIVE,
    State.PAUSED: LIVE - {State.PAUSED},
    # Only a queued job may be taken: a late message must not start one that waits.
    State.VALIDATING: frozenset({State.QUEUED}),
    State.RUNNING: frozenset({State.QUEUED, State.VALIDATING}),
    State.COMPLETED: ACTIVE,
    State.COMPLETED_WITH_ERRORS: ACTIVE,
    State.FAILED: LIVE,
    State.CANCELLED: LIVE,
    State.EXPIRED: WAITING,
    State.SKIPPED: WAITING,
}

# What Celery's AsyncResult says of ours.
CELERY_STATES: dict[State, str] = {
    State.PENDING: "PENDING",
    State.QUEUED: "PENDING",
    State.RETRYING: "RETRY",
    State.PAUSED: "RETRY",
    State.VALIDATING: "STARTED",
    State.RUNNING: "STARTED",
    State.COMPLETED: "SUCCESS",
    State.COMPLETED_WITH_ERRORS: "SUCCESS",
    State.FAILED: "FAILURE",
    State.CANCELLED: "REVOKED",
    State.EXPIRED: "REVOKED",
    State.SKIPPED: "REVOKED",
}


def may_move(source: State, target: State) -> bool:
    """Whether a job may go from `source` to `target`."""
    return source in SOURCES[target]
