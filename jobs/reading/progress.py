"""How far a job is, from what its row says of it."""

from dataclasses import dataclass
from typing import Any

from jobs.live.messages import step_number
from jobs.models import Job


@dataclass(frozen=True)
class Progress:
    """Numbers are None when the job did not tell them."""

    percent: float | None = None
    """0 to 100; None when the total is unknown."""
    current: float | None = None
    total: float | None = None
    message: str = ""
    step: str = ""
    rate: float | None = None
    """Per second."""
    eta_seconds: float | None = None
    number: int = 0
    """Which report of its attempt this is; 0 when it is left from an earlier attempt."""

    @classmethod
    def of(cls, job: Job) -> "Progress":
        told: dict[str, Any] = job.progress if isinstance(job.progress, dict) else {}
        current, total = _number(told, "current"), _number(told, "total")
        percent = _number(told, "percent")
        if percent is None and total and current is not None:
            percent = 100 * current / total
        return cls(
            percent=None if percent is None else min(max(percent, 0.0), 100.0),
            current=current,
            total=total,
            message=str(told.get("message") or told.get("status") or ""),
            step=str(told.get("step") or ""),
            rate=_number(told, "rate"),
            eta_seconds=_number(told, "eta_seconds"),
            number=step_number(job) if told else 0,
        )

    @property
    def whole(self) -> int | None:
        """The percent as shown: never 100 before all is done."""
        if self.percent is None:
            return None
        return int(self.percent) if self.percent < 100 else 100

    @property
    def is_told(self) -> bool:
        """Whether the job said anything at all."""
        return self != Progress()


def _number(told: dict[str, Any], key: str) -> float | None:
    value = told.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value
