"""Secrets and files inside values, on their way to the row and back."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from .file import KEPT, Upload, is_file, kept
from .secret import SEALED, is_secret, revealed, sealed, unsealed


def treasured(plain: Any, value: Any, keep: Callable[[Upload], str]) -> Any:
    """`plain`, the JSON of `value`, with its secrets sealed and its files kept."""
    if is_secret(value):
        return sealed(revealed(value))
    if is_file(value):
        return kept(value, keep)
    if isinstance(value, set | frozenset) and any(is_secret(each) for each in value):
        return [treasured(None, each, keep) for each in value]
    if isinstance(value, Mapping) and isinstance(plain, dict):
        # Both were dumped from one model: the same keys in the same order, though JSON
        # has made text of them.
        pairs = zip(plain.items(), value.values(), strict=True)
        return {name: treasured(inner, typed, keep) for (name, inner), typed in pairs}
    if isinstance(value, list | tuple) and isinstance(plain, list):
        pairs = zip(plain, value, strict=True)
        return [treasured(inner, typed, keep) for inner, typed in pairs]
    return plain


def opened(stored: Any) -> Any:
    """The JSON that was stored, its secrets readable; raises Unreadable."""
    if isinstance(stored, Mapping):
        if SEALED in stored:
            return unsealed(stored)
        return {name: opened(value) for name, value in stored.items()}
    if isinstance(stored, list):
        return [opened(value) for value in stored]
    return stored


def emptied(stored: Any) -> Any:
    """The JSON that was stored, without its secrets and files; what was nothing else
    is None."""
    if isinstance(stored, Mapping):
        if SEALED in stored or KEPT in stored:
            return None
        left = {name: emptied(value) for name, value in stored.items()}
        return {name: value for name, value in left.items() if stored[name] == value or value}
    if isinstance(stored, list):
        return [left for value in stored if (left := emptied(value)) == value or left]
    return stored


def regiven(stored: Any, keep: Callable[[str], str]) -> Any:
    """The JSON that was stored, each of its files under the id that `keep` has for it."""
    if isinstance(stored, Mapping):
        if set(stored) == {KEPT}:
            return {KEPT: keep(stored[KEPT])}
        return {name: regiven(value, keep) for name, value in stored.items()}
    if isinstance(stored, list):
        return [regiven(value, keep) for value in stored]
    return stored


def holds_treasure(value: Any) -> bool:
    """Whether there is a secret or a file in it."""
    return is_secret(value) or is_file(value) or any(map(holds_treasure, _inside(value)))


def secret_texts(value: Any, all_of_it: bool = False) -> Iterator[str]:
    """The secrets inside a value; with `all_of_it` every text and number in it is one."""
    if is_secret(value):
        yield revealed(value)
    elif all_of_it and isinstance(value, str | int | float | Decimal | UUID):
        yield str(value)
    elif all_of_it and isinstance(value, bytes):
        yield value.decode(errors="replace")
    for inner in _inside(value):
        yield from secret_texts(inner, all_of_it)


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif isinstance(value, BaseModel):
        yield from (value.__dict__ | (value.model_extra or {})).values()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, each.name) for each in dataclasses.fields(value))
