"""The options of `@task`: ours and Celery's, listed once; docs/tasks.md explains each."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

from celery.schedules import ParseException, crontab

from jobs.params import Invalid
from jobs.params.fitting import misfits

from .keys import Key
from .limited import limits_of
from .refusing import refuse_unknown, seconds
from .unique import (
    KINDS,
    DebounceOptions,
    ThrottleOptions,
    Unique,
    UniqueOptions,
    uniqueness,
)

type_of_exceptions = tuple[type[BaseException], ...]


class OurOptions(TypedDict, total=False):
    """What Celery does not know, or what we do better than its own option."""

    title: str
    description: str
    tags: Iterable[str]
    queue: str
    priority: int
    on_lost: Literal["retry", "hold"]
    validate: Callable[..., Any]
    fallback: Callable[..., Any] | str
    secrets: Iterable[str]
    files: Iterable[str]
    owner_param: str
    due_param: str
    every: float | timedelta
    cron: str
    stall_after: float | timedelta | None
    max_running: int | None
    max_running_per_key: int | None
    concurrency_key: Key | None
    on_conflict: Literal["wait", "skip", "cancel"]
    rate: str | None
    burst: int | None
    rate_key: Key | None
    fair_by: Key | None
    unique: bool | str | Iterable[str] | UniqueOptions | None
    debounce: float | timedelta | DebounceOptions | None
    throttle: float | timedelta | ThrottleOptions | None


class CeleryOptions(TypedDict, total=False):
    """Celery's own, under its own names, handed on as they are."""

    name: str
    bind: bool
    base: type
    typing: bool
    pydantic: bool
    pydantic_strict: bool
    pydantic_context: dict[str, Any]
    pydantic_dump_kwargs: dict[str, Any]
    soft_time_limit: float | None
    time_limit: float | None
    max_retries: int | None
    default_retry_delay: float
    autoretry_for: type_of_exceptions
    dont_autoretry_for: type_of_exceptions
    retry_kwargs: dict[str, Any]
    retry_backoff: bool | float
    retry_backoff_max: int
    retry_jitter: bool
    throws: type_of_exceptions
    expires: float | datetime
    ignore_result: bool
    store_errors_even_if_ignored: bool
    store_eager_result: bool
    track_started: bool
    trail: bool
    send_events: bool
    acks_late: bool
    acks_on_failure: bool
    acks_on_timeout: bool
    acks_on_failure_or_timeout: bool
    reject_on_worker_lost: bool
    retry_on_worker_lost: bool
    rate_limit: str | float | None
    serializer: str
    compression: str
    exchange: str
    exchange_type: str
    routing_key: str
    delivery_mode: int | str
    backend: Any
    resultrepr_maxsize: int
    shadow_name: Callable[..., Any]
    Strategy: str
    Request: Any


class Options(OurOptions, CeleryOptions, total=False):
    """All that `@task` and the `config` of a registered function may hold."""


OURS = frozenset(OurOptions.__annotations__)
KNOWN = OURS | frozenset(CeleryOptions.__annotations__)


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """Our half of the options; lies on the Celery task as its attribute `batuta`."""

    title: str = ""
    description: str | None = None
    tags: tuple[str, ...] = ()
    queue: str | None = None
    priority: int | None = None
    on_lost: Literal["retry", "hold"] = "retry"
    validate: Callable[..., Any] | None = None
    fallback: Callable[..., Any] | str | None = None
    secrets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    owner_param: str | None = None
    due_param: str | None = None
    every: float | None = None
    """Seconds."""
    cron: str | None = None
    stall_after: float | None = None
    """Seconds."""
    max_running: int | None = None
    max_running_per_key: int | None = None
    concurrency_key: Key | None = None
    on_conflict: Literal["wait", "skip", "cancel"] = "wait"
    rate: str | None = None
    burst: int | None = None
    rate_key: Key | None = None
    fair_by: Key | None = None
    unique: Unique | None = None


def declare(function: Callable[..., Any], options: Mapping[str, Any]) -> Declaration:
    """Our options, checked; raises TypeError or ValueError that says what to write."""
    refuse_unknown(options, KNOWN, "option")
    ours = {name: options[name] for name in OURS & set(options)}
    for name in {"tags", "secrets", "files"} & set(ours):
        ours[name] = _several(ours[name])
    for name in ("stall_after", "every"):
        if (given := ours.get(name)) is not None:
            ours[name] = seconds(name, given)
    _refuse_other_times(ours)
    ours |= limits_of(ours, inspect.signature(function).parameters)
    rule = uniqueness(function, ours)
    ours = {name: value for name, value in ours.items() if name not in KINDS}
    declaration = Declaration(**ours, unique=rule)
    if declaration.on_lost not in ("retry", "hold"):
        raise ValueError(f'on_lost is "retry" or "hold", not {declaration.on_lost!r}')
    _refuse_strangers(function, declaration)
    for called in ("validate", "fallback"):
        other = getattr(declaration, called)
        _refuse_other_shape(function, called, other, is_bound=bool(options.get("bind")))
    soft, hard = options.get("soft_time_limit"), options.get("time_limit")
    if soft and hard and soft >= hard:
        raise ValueError(f"soft_time_limit {soft} leaves no time before time_limit {hard}")
    return declaration


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def crontab_of(line: str) -> crontab:
    """The five fields of Unix's cron; raises ValueError."""
    try:
        minute, hour, day, month, weekday = line.split()
        return crontab(
            minute=minute,
            hour=hour,
            day_of_month=day,
            month_of_year=month,
            day_of_week=weekday,
        )
    except (ParseException, ValueError) as reason:
        raise ValueError(f"cron is like '30 2 * * 1-5', not {line!r}: {reason}") from None


def _refuse_other_times(ours: Mapping[str, Any]) -> None:
    if ours.get("cron") is None:
        return
    crontab_of(ours["cron"])
    if ours.get("every") is not None:
        raise ValueError("a task comes `every` so many seconds or by `cron`, not both")


def _refuse_strangers(function: Callable[..., Any], declaration: Declaration) -> None:
    parameters = inspect.signature(function).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    named = (*declaration.secrets, *declaration.files)
    single = (declaration.owner_param, declaration.due_param)
    refuse_unknown([*named, *filter(None, single)], parameters, "parameter")


def _refuse_other_shape(
    function: Callable[..., Any], called: str, other: Any, *, is_bound: bool
) -> None:
    """What is called before or instead of the function is given the same."""
    if not inspect.isfunction(other):
        return
    named = [
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    ]
    given = dict.fromkeys(named[is_bound:])
    if found := misfits(inspect.signature(other), (), given):
        raise TypeError(f"the {called} {other.__name__!r}: {Invalid(found)}")
