"""When a task is tried again by itself, as its code says."""

from dataclasses import dataclass
from typing import Any

from celery import Task

# Celery's own, where the code says nothing.
CAP_SECONDS = 600


@dataclass(frozen=True)
class Retries:
    """`after` and `never_after` are names of exceptions; without `after` the function has
    to ask for each retry. `doubles` is whether the wait does, up to `cap`; all seconds."""

    after: tuple[str, ...]
    never_after: tuple[str, ...]
    wait: float
    doubles: bool
    cap: float
    at_random: bool


def retries_of(task: Task) -> Retries:
    """The options are Celery's, who may have them from the decorator or the class."""

    def said(name: str, default: Any) -> Any:
        return getattr(task, name, default)

    backoff = float(said("retry_backoff", False))
    kwargs = said("retry_kwargs", None) or {}
    wait = (
        max(1, int(backoff)) if backoff else kwargs.get("countdown", task.default_retry_delay)
    )
    return Retries(
        after=_names(said("autoretry_for", ())),
        never_after=_names(said("dont_autoretry_for", ())),
        wait=float(wait),
        doubles=bool(backoff),
        cap=float(said("retry_backoff_max", CAP_SECONDS)),
        at_random=bool(backoff and said("retry_jitter", True)),
    )


def _names(kinds: Any) -> tuple[str, ...]:
    return tuple(kind.__name__ for kind in kinds)
