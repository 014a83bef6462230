"""What options of a task must be, and the words for what is wrong with them."""

import difflib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any


def refuse_unknown(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """TypeError for the first name that is not `known`, naming the nearest."""
    known = sorted(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = (
                f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(known)}"
            )
            raise TypeError(f"unknown {what} {name!r}{hint}")


def seconds(name: str, value: Any) -> float:
    """A length of time that was given as seconds or a timedelta; raises TypeError for
    anything else, ValueError for none."""
    span = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(span, bool) or not isinstance(span, int | float):
        raise TypeError(f"{name} is seconds or a timedelta, not {value!r}")
    if not span > 0:
        raise ValueError(f"{name} is more than nothing, not {value!r}")
    return float(span)
