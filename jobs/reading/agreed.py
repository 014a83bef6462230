"""What a person agreed to before a verb is done on many jobs: how many, and until when.
What all that match was agreed about is closed by a moment: what came later was not meant."""

from datetime import datetime, timedelta

from jobs.models import JobQuerySet

_INSTANT = timedelta(microseconds=1)  # databases keep moments to this
_LONGEST_COUNT = 10


def end_of(jobs: JobQuerySet) -> datetime | None:
    """The moment right after the newest of them was asked for."""
    newest = jobs.order_by("-created_at").values_list("created_at", flat=True).first()
    return newest + _INSTANT if newest else None


def moment(text: str) -> datetime | None:
    """None for what we did not write ourselves."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else None


def count(text: str) -> int:
    """Less than nothing for what we did not write ourselves."""
    return int(text) if text.isdecimal() and len(text) < _LONGEST_COUNT else -1
