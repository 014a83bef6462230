"""Reading a function: its parameters, their hints, and what its docstring says of each."""

import functools
import inspect
import logging
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional, get_type_hints

from .docstring import described

log = logging.getLogger(__name__)

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Parameter:
    """One thing that a function may be given."""

    name: str
    hint: Any
    default: Any = REQUIRED
    help: str = ""
    by_position: bool = False


@dataclass(frozen=True)
class Signature:
    """What a function takes; `further` is the name of its `**kwargs`."""

    parameters: tuple[Parameter, ...]
    further: str | None
    plain: inspect.Signature


def read(function: Callable[..., Any]) -> Signature:
    """The signature of a function, hints resolved; `*args` is not offered to anybody."""
    try:
        plain = inspect.signature(function)
    except ValueError:  # built in, and nobody knows
        plain = inspect.Signature([inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)])
    hints = _hints(function)
    helps = described(function.__doc__ or "").parameters
    found, further = [], None
    for each in plain.parameters.values():
        if each.kind is each.VAR_KEYWORD:
            further = each.name
        elif each.kind is not each.VAR_POSITIONAL:
            found.append(_parameter(each, hints, helps))
    return Signature(tuple(found), further, plain)


def humanised(name: str) -> str:
    """`step_seconds` as a label: "Step seconds"."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else name


def _parameter(
    each: inspect.Parameter, hints: dict[str, Any], helps: dict[str, str]
) -> Parameter:
    written = Any if each.annotation is REQUIRED else each.annotation
    hint = hints.get(each.name, Any if isinstance(written, str) else written)
    if each.default is None:
        hint = Optional[hint]  # noqa: UP045 - `|` does not take every hint
    return Parameter(
        name=each.name,
        hint=hint,
        default=each.default,
        help=helps.get(each.name, ""),
        by_position=each.kind is each.POSITIONAL_ONLY,
    )


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The hints by name; one that cannot be resolved is Any, and the log says so."""
    inner = _innermost(function)
    try:
        return get_type_hints(inner, include_extras=True)
    # Hints are code in strings: they may raise anything.
    except Exception:
        return {
            name: _resolved(name, hint, inner)
            for name, hint in getattr(inner, "__annotations__", {}).items()
        }


def _innermost(function: Callable[..., Any]) -> Any:
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif not hasattr(function, "__name__") and not isinstance(function, type):
            function = type(function).__call__  # an object that can be called
        else:
            return function


def _resolved(name: str, hint: Any, function: Any) -> Any:
    alone = types.SimpleNamespace(__annotations__={name: hint})
    known = getattr(function, "__globals__", {})
    try:
        return get_type_hints(alone, globalns=known, include_extras=True)[name]
    except Exception as reason:
        log.warning(
            "The hint %r of the parameter %r of %s.%s is taken as Any: %s",
            hint,
            name,
            function.__module__,
            function.__qualname__,
            reason,
        )
        return Any
