"""Parameters as people see them: secrets masked, everything bounded and harmless."""

import dataclasses
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from jobs import sanitize

from .file import is_file
from .secret import MASK, SEALED, is_secret
from .signature import Signature

DEEPEST = 8
MOST_ITEMS = 200
LONGEST_TEXT = 2_000
LARGEST = 20_000
"""Characters of JSON that are shown of one parameter."""


def without_seals(stored: Any) -> Any:
    """What a row keeps, each sealed secret replaced by dots."""
    if isinstance(stored, Mapping):
        if SEALED in stored:
            return MASK
        return {name: without_seals(value) for name, value in stored.items()}
    if isinstance(stored, list):
        return [without_seals(value) for value in stored]
    return stored


def named(
    signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments by the names of the parameters; what is too much is under `*`."""
    by_position = [
        each.name
        for each in signature.plain.parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    found = dict(zip(by_position, args, strict=False))
    if len(args) > len(by_position):
        found["*"] = list(args[len(by_position) :])
    return found | {sanitize.text(str(name), 200): value for name, value in kwargs.items()}


def masked(value: Any) -> Any:
    """Any object as JSON for people; never raises, never shows a secret."""
    plain = _masked(value, 0)
    text = json.dumps(plain, ensure_ascii=False)
    return plain if len(text) <= LARGEST else sanitize.text(text, LONGEST_TEXT)


def _masked(value: Any, depth: int) -> Any:
    if is_secret(value):
        return MASK
    if isinstance(value, str) and type(value) is str:
        return sanitize.text(value, LONGEST_TEXT)
    if is_file(value):
        return {"name": sanitize.text(value.name or "", 255), "size": value.size}
    if depth < DEEPEST:
        inner = _inside(value)
        if isinstance(inner, Mapping):
            return _masked_mapping(inner, depth)
        if inner is not None:
            return _masked_items(inner, depth)
    return _leaf(value)


def _inside(value: Any) -> Mapping[Any, Any] | Iterable[Any] | None:
    """What a container holds; None for all else."""
    if isinstance(value, BaseModel):
        return value.__dict__ | (value.model_extra or {})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return vars(value) if hasattr(value, "__dict__") else None
    if isinstance(value, dict | list | tuple | set | frozenset):
        return value
    return None


def _masked_mapping(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {
        str(_leaf(name)): _masked(inner, depth + 1)
        for name, inner in itertools.islice(value.items(), MOST_ITEMS)
    }


def _masked_items(value: Iterable[Any], depth: int) -> list[Any]:
    return [_masked(inner, depth + 1) for inner in itertools.islice(value, MOST_ITEMS)]


def _leaf(value: Any) -> Any:
    try:
        return sanitize.json(value)
    except (ValueError, TypeError):
        return sanitize.text(_represented(value), LONGEST_TEXT)


def _represented(value: Any) -> str:
    # The objects are the site's: their __repr__ may raise anything.
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"
