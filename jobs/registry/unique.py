"""What makes two jobs of a task alike, and what becomes of the second one."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypedDict, cast, get_args

from .keys import Key, wanted_by
from .refusing import refuse_unknown, seconds

Which = Literal["waiting", "live", "successful", "any"]
OnConflict = Literal["return", "replace", "refuse"]
KINDS = ("unique", "debounce", "throttle")
# All parameters, those that are named, a text of them, or what a function makes of them.
By = tuple[str, ...] | Key | None


class UniqueOptions(TypedDict, total=False):
    """What `@task(unique={…})` may say."""

    by: str | Iterable[str] | Callable[..., Any]
    states: Which
    period: float | timedelta
    on_conflict: OnConflict


class DebounceOptions(TypedDict, total=False):
    """What `@task(debounce={…})` may say; `longest` bounds the wait of one that is put
    off again and again."""

    seconds: float | timedelta
    longest: float | timedelta
    by: str | Iterable[str] | Callable[..., Any]


class ThrottleOptions(TypedDict, total=False):
    """What `@task(throttle={…})` may say."""

    seconds: float | timedelta
    by: str | Iterable[str] | Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Unique:
    """One job at a time of those that are alike: of the same task, and the same `by`."""

    by: By = None
    states: Which = "live"
    """Until when a job keeps others away: it starts, ends, does not succeed, or for good."""
    period: float | None = None
    """Seconds since it was asked for, after which it keeps nobody away; None: no bound."""
    on_conflict: OnConflict = "return"
    delay: float | None = None
    """Seconds that each of them waits for a later one, which takes its place."""
    longest: float | None = None
    """Seconds after which the first of them starts, however many come."""


def uniqueness(function: Callable[..., Any], options: Mapping[str, Any]) -> Unique | None:
    """What the options `unique`, `debounce` and `throttle` say together; raises TypeError
    or ValueError that says what to write."""
    given = [name for name in KINDS if not _is_unsaid(options.get(name))]
    if len(given) > 1:
        raise ValueError(f"a task is told one of {' and '.join(given)}, not both")
    for name in given:
        rule = _READ[name](options[name])
        _refuse_strangers(function, name, rule.by)
        return rule
    return None


def _is_unsaid(said: Any) -> bool:
    return said is None or said is False


def _unique(said: Any) -> Unique:
    if said is True:
        return Unique()
    if not isinstance(said, Mapping):
        return Unique(by=_by(said))
    refuse_unknown(said, UniqueOptions.__annotations__, "option of unique")
    on_conflict = said.get("on_conflict", "return")
    states = said.get("states", "waiting" if on_conflict == "replace" else "live")
    _refuse_other("on_conflict", on_conflict, OnConflict)
    _refuse_other("states", states, Which)
    if on_conflict == "replace" and states != "waiting":
        raise ValueError(
            'on_conflict="replace" goes with states="waiting": what has started is not replaced'
        )
    period = said.get("period")
    return Unique(
        by=_by(said.get("by")),
        states=states,
        period=None if period is None else seconds("period", period),
        on_conflict=on_conflict,
    )


def _debounce(said: Any) -> Unique:
    told = _spelled("debounce", said, DebounceOptions)
    delay = seconds("debounce", told.get("seconds"))
    longest = told.get("longest")
    longest = None if longest is None else seconds("longest", longest)
    if longest is not None and longest < delay:
        raise ValueError(f"longest is no shorter than the {delay:g} seconds of debounce")
    by = _by(told.get("by"))
    return Unique(by=by, states="waiting", on_conflict="replace", delay=delay, longest=longest)


def _throttle(said: Any) -> Unique:
    told = _spelled("throttle", said, ThrottleOptions)
    period = seconds("throttle", told.get("seconds"))
    return Unique(by=_by(told.get("by")), states="any", period=period)


_READ: dict[str, Callable[[Any], Unique]] = {
    "unique": _unique,
    "debounce": _debounce,
    "throttle": _throttle,
}


def _spelled(name: str, said: Any, known: Any) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        return {"seconds": said}
    refuse_unknown(said, known.__annotations__, f"option of {name}")
    return said


def _by(said: Any) -> By:
    if said is None or callable(said):
        return cast(By, said)
    if isinstance(said, str):
        return said if "{" in said else (said,)
    if isinstance(said, Iterable):
        return tuple(str(name) for name in said)
    raise TypeError(f'`by` is names of parameters, "{{name}}" or a function, not {said!r}')


def _refuse_other(name: str, value: Any, known: Any) -> None:
    if value not in get_args(known):
        spelled = ", ".join(map(repr, get_args(known)))
        raise ValueError(f"{name} is one of {spelled}, not {value!r}")


def _refuse_strangers(function: Callable[..., Any], name: str, by: By) -> None:
    if by is None:
        return
    parameters = inspect.signature(function).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    named = by if isinstance(by, tuple) else wanted_by(by)
    refuse_unknown(named, parameters, f"parameter in {name}")
