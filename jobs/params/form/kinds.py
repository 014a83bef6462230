"""Which field asks for which hint. docs/tasks.md has this as a table."""

import enum
import math
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from django import forms
from pydantic import (
    AnyUrl,
    AwareDatetime,
    FutureDate,
    FutureDatetime,
    NaiveDatetime,
    PastDate,
    PastDatetime,
    SecretBytes,
    SecretStr,
    TypeAdapter,
)

from jobs.params.file import File
from jobs.params.hints import Hint
from jobs.params.model import Schema
from jobs.params.secret import Secret

from . import choices, fields

LONG_TEXT = 200
"""Characters above which a text is asked for in several lines."""

_SCALARS = (str, int, float, Decimal, UUID, date, time, datetime, AnyUrl)


def field_for(hint: Hint, how: dict[str, Any]) -> forms.Field:
    """The field that asks for `hint`; `how` are the options common to all fields."""
    if values := values_of(hint):
        return choices.Choice(values=values, **how)
    for wanted, make in KINDS:
        if _is_a(hint.only, wanted):
            return make(hint, how)
    if len(hint.alternatives) > 1 and all(_is_a(each, _SCALARS) for each in hint.alternatives):
        return fields.Text(widget=forms.TextInput(), **how)
    if _is_list(hint.only):
        return _list(hint, how)
    if _is_written_as_text(hint.only):
        return fields.Text(widget=_input("text"), **how)
    return (fields.Anything if hint.only in (Any, object) else fields.Json)(
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}), **how
    )


def values_of(hint: Hint) -> list[Any]:
    """The values to choose from, of a Literal, an Enum or an optional bool."""
    if get_origin(hint.only) is Literal:
        return [value for value in get_args(hint.only) if value is not None]
    if isinstance(hint.only, type) and issubclass(hint.only, enum.Enum):
        # Flags are sums of their members: no list of them is all there is.
        return [] if issubclass(hint.only, enum.Flag) else list(hint.only)
    if hint.only is bool and hint.optional:
        return [True, False]
    return []


def password(how: dict[str, Any]) -> forms.Field:
    """A field whose value is never sent back."""
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    # Nothing typed is no empty secret: the default counts, or None.
    when_empty = None if how["when_empty"] is None else fields.LEFT_OUT
    return fields.Password(widget=widget, **how | {"initial": None, "when_empty": when_empty})


def _is_a(hint: Any, wanted: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, wanted)


def _is_list(hint: Any) -> bool:
    origin = get_origin(hint) or hint
    return (
        _is_a(origin, Collection)
        and not _is_a(origin, str | bytes | dict)
        and (not hasattr(origin, "keys"))
    )


def _is_written_as_text(hint: Any) -> bool:
    """Addresses, patterns and whatever else has no other form in JSON."""
    if hint in (Any, object):
        return False
    about: dict[str, Any] = TypeAdapter(hint).json_schema(schema_generator=Schema)
    return about.get("type") == "string"


def _tick(hint: Hint, how: dict[str, Any]) -> forms.Field:
    return fields.Tick(**{key: how[key] for key in ("label", "help_text", "initial")})


def _text(hint: Hint, how: dict[str, Any]) -> forms.Field:
    kind = _said(hint, "format")
    longest = hint.bound("max_length") or 0
    if kind == "multiline" or longest > LONG_TEXT or _is_long(how["initial"]):
        return fields.Text(widget=forms.Textarea(attrs=_lengths(hint)), **how)
    types = {"email": "email", "uri": "url"}
    return fields.Text(widget=_input(types.get(kind, "text"), **_lengths(hint)), **how)


def _whole(hint: Hint, how: dict[str, Any]) -> forms.Field:
    low, high = hint.bound("ge"), hint.bound("le")
    if hint.bound("gt") is not None:
        low = math.floor(hint.bound("gt")) + 1
    if hint.bound("lt") is not None:
        high = math.ceil(hint.bound("lt")) - 1
    return _number(how, low, high, hint.bound("multiple_of") or 1)


def _fraction(hint: Hint, how: dict[str, Any]) -> forms.Field:
    places = hint.bound("decimal_places")
    step = Decimal(1).scaleb(-places) if places is not None else "any"
    low = hint.bound("gt") if hint.bound("ge") is None else hint.bound("ge")
    high = hint.bound("lt") if hint.bound("le") is None else hint.bound("le")
    return _number(how, low, high, hint.bound("multiple_of") or step)


def _number(how: dict[str, Any], low: Any, high: Any, step: Any) -> forms.Field:
    # A browser counts steps from the lower bound: 3, 8, 13 would be its multiples of 5.
    if low is not None and step != "any" and low % step:
        step = 1 if isinstance(low, int) and isinstance(step, int) else "any"
    limits = {"min": low, "max": high}
    given = {name: str(limit) for name, limit in limits.items() if limit is not None}
    return fields.Number(widget=_input("number", step=str(step), **given), **how)


def _moment(hint: Hint, how: dict[str, Any]) -> forms.Field:
    field = fields.DateTime(widget=_input("datetime-local", step="1"), **how)
    field.naive = hint.only is NaiveDatetime
    return field


def _list(hint: Hint, how: dict[str, Any]) -> forms.Field:
    inner = Hint.of((*get_args(hint.only), str)[0])
    # An empty list is a list, unless the hint says that it is too short.
    how["required"] = how["required"] and bool(hint.bound("min_length"))
    how["when_empty"] = None if hint.optional else []
    if _is_a(inner.only, File):
        return fields.ManyFiles(widget=fields.ManyFileInput(attrs=_accepted(hint)), **how)
    if values := values_of(inner):
        return choices.Choices(values=values, **how)
    if _is_a(inner.only, _SCALARS) and inner.only is not bool and not _is_tuple(hint.only):
        return fields.Lines(widget=forms.Textarea(attrs={"rows": 4}), **how)
    return fields.Json(widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}), **how)


def _is_tuple(hint: Any) -> bool:
    """A tuple of a fixed length, whose places have types of their own."""
    return get_origin(hint) is tuple and get_args(hint)[1:] != (...,)


def _input(kind: str, **attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"type": kind, **attrs})


def _lengths(hint: Hint) -> dict[str, Any]:
    names = {"minlength": "min_length", "maxlength": "max_length"}
    found = {name: hint.bound(bound) for name, bound in names.items()}
    return {name: str(length) for name, length in found.items() if length is not None}


def _accepted(hint: Hint) -> dict[str, str]:
    accept = _said(hint, "accept")
    return {"accept": accept} if accept else {}


def _said(hint: Hint, name: str) -> Any:
    """What the hint adds to its JSON Schema: `Field(json_schema_extra={name: ...})`."""
    for mark in reversed(hint.marks):
        for source in ("json_schema_extra", "json_schema"):
            about = getattr(mark, source, None)
            if isinstance(about, dict) and name in about:
                return about[name]
    return None


def _is_long(initial: Any) -> bool:
    return isinstance(initial, str) and (len(initial) > LONG_TEXT or "\n" in initial)


KINDS: tuple[tuple[Any, Callable[[Hint, dict[str, Any]], forms.Field]], ...] = (
    (bool, _tick),
    (File, lambda hint, how: fields.OneFile(widget=forms.FileInput(_accepted(hint)), **how)),
    ((Secret, SecretStr, SecretBytes), lambda hint, how: password(how)),
    (int, _whole),
    ((float, Decimal), _fraction),
    ((datetime, AwareDatetime, NaiveDatetime, PastDatetime, FutureDatetime), _moment),
    ((date, PastDate, FutureDate), lambda hint, how: fields.Date(widget=_input("date"), **how)),
    (time, lambda hint, how: fields.Time(widget=_input("time", step="1"), **how)),
    (timedelta, lambda hint, how: fields.Duration(widget=_input("text"), **how)),
    (UUID, lambda hint, how: fields.Text(widget=_input("text", spellcheck="false"), **how)),
    (AnyUrl, lambda hint, how: fields.Text(widget=_input("url"), **how)),
    (str, _text),
    (bytes, lambda hint, how: fields.Bytes(widget=forms.Textarea(attrs={"rows": 4}), **how)),
    (PurePath, lambda hint, how: fields.Text(widget=_input("text"), **how)),
)
"""The first that fits decides: a bool is an int, and a datetime a date, in Python too."""
