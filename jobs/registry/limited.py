"""The options of `@task` by which fewer of its jobs run at once than could, checked."""

from collections.abc import Mapping
from typing import Any

from .keys import Key, refuse_strange_key
from .rate import rate_of

KEYS = ("concurrency_key", "rate_key", "fair_by")
ON_CONFLICT = ("wait", "skip", "cancel")
_COUNTS = ("max_running", "max_running_per_key", "burst")
LIMITS = (*_COUNTS, "rate", "on_conflict", *KEYS)
MOST = 1_000_000


def limits_of(ours: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options, as the declaration holds them; raises TypeError or ValueError
    that says what to write."""
    found = {name: ours[name] for name in _COUNTS if ours.get(name) is not None}
    for name, count in found.items():
        if isinstance(count, bool) or not isinstance(count, int):
            raise TypeError(f"{name} is a whole number, not {count!r}")
        if not 1 <= count <= MOST:
            raise ValueError(f"{name} is from 1 to {MOST}, not {count!r}")
    if ours.get("rate") is not None:
        rate_of(ours["rate"])
    if ours.get("on_conflict", "wait") not in ON_CONFLICT:
        words = ", ".join(map(repr, ON_CONFLICT))
        raise ValueError(f"on_conflict is one of {words}, not {ours['on_conflict']!r}")
    for name in KEYS:
        refuse_strange_key(name, ours.get(name), parameters, ours.get("secrets", ()))
    return _completed(ours)


def _completed(ours: Mapping[str, Any]) -> dict[str, Any]:
    """A key alone means one at a time."""
    missing = ours.get("concurrency_key") and not ours.get("max_running_per_key")
    if ours.get("max_running_per_key") and not ours.get("concurrency_key"):
        raise ValueError("max_running_per_key needs a concurrency_key")
    if ours.get("rate_key") and not ours.get("rate"):
        raise ValueError("rate_key needs a rate")
    if ours.get("burst") and not ours.get("rate"):
        raise ValueError("burst needs a rate")
    return {"max_running_per_key": 1} if missing else {}


def key_text(key: Key | None) -> str:
    """How it is written, for people."""
    return key if isinstance(key, str) else getattr(key, "__name__", "") if key else ""
