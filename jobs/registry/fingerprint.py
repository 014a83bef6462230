"""By what two processes tell whether they run the same code."""

import hashlib
import inspect
import json
import re
from collections.abc import Iterable
from typing import Any

from .definition import Definition

LENGTH = 16
# What is said of a parameter changes with the language, and changes nothing.
_WORDS = frozenset({"title", "description", "help", "placeholder"})
_ADDRESS = re.compile(r"0x[0-9a-f]+")


def signature_of(definition: Definition) -> str:
    """A hash of what the task may be given: a worker where that is another one would call
    the function with what it does not understand."""
    try:
        told = json.dumps(_silent(definition.parameters.schema), sort_keys=True, default=str)
    except Exception:  # a signature that makes no form still is one
        told = str(inspect.signature(definition.signed))
    return _hash(_ADDRESS.sub("", told))


def signatures(definitions: Iterable[Definition]) -> dict[str, str]:
    """Of each task by its name."""
    return {each.name: signature_of(each) for each in definitions}


def fingerprint(definitions: Iterable[Definition]) -> str:
    """Of all tasks together with the text of their functions."""
    parts = sorted((each.name, signature_of(each), _source(each)) for each in definitions)
    return _hash(json.dumps(parts))


def _source(definition: Definition) -> str:
    try:
        return inspect.getsource(inspect.unwrap(definition.signed))
    except (OSError, TypeError, ValueError):
        return ""


def _silent(schema: Any) -> Any:
    """Without its words. A parameter may be called `title`: that is no text."""
    if isinstance(schema, dict):
        return {
            key: _silent(value)
            for key, value in schema.items()
            if not (key in _WORDS and isinstance(value, str))
        }
    return [_silent(each) for each in schema] if isinstance(schema, list) else schema


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:LENGTH]
