"""What is made of text that a task, a command or a file wrote, before it is kept.

Nobody trusts such text: it may hold NUL (PostgreSQL refuses it), lone surrogates (UTF-8
refuses them), terminal escapes, or marks that turn the reading direction. Each of these
becomes a visible sign, so that a reader sees that something was there. Tabs, line ends and
ANSI colours (`ESC [ … m`) stay.
"""

import json as stdlib_json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.utils.functional import Promise

HIDDEN = "••••"
SHORTEST_SECRET = 4
"""Shorter secrets are not hidden: they would blacken half of every text."""

DEEPEST = 100
"""Levels of lists and dictionaries that `json` follows."""

LONGEST_INTEGER_BITS = 14_000
"""Python refuses to print integers of more than 4300 digits, which is a little more."""

_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069"
    "\ufeff\ud800-\udfff]"
)
# Possessive quantifiers: no input makes these walk a text more than once.
_ESCAPE = re.compile(
    "(?P<colour>\x1b\\[[0-9;:]{0,64}+m)"
    "|\x1b\\[[0-?]*+[ -/]*+[@-~]"  # cursor moves, erasing
    "|\x1b[\\]PX^_][^\x07\x1b\n]*+(?:\x07|\x1b\\\\)"  # titles, links, clipboard
    "|\x1b[ -/]*+[0-OQ-WYZ`-~]"
    "|(?P<sign>" + _SUSPECT.pattern + ")"
)
_COLOUR = re.compile("\x1b\\[[0-9;:]{0,64}+m")
_CUT_ESCAPE = re.compile("\x1b[^m]{0,70}$")


def text(value: str, limit: int | None = None) -> str:
    """`value` with everything harmful made visible, at most `limit` characters long.

    A text that was cut ends in "… ✂ 12345", the length that it had.
    """
    length = len(value)
    if limit is not None and length > limit:
        value = value[:limit]
    if not value.isprintable() and _SUSPECT.search(value):
        value = _ESCAPE.sub(_visible, value)
    if limit is not None and (length > limit or len(value) > limit):
        mark = f"… ✂ {length}"
        value = _CUT_ESCAPE.sub("", value[: max(limit - len(mark), 0)]) + mark
    return value


def _visible(match: re.Match[str]) -> str:
    sign = match["sign"]
    if sign is None:
        return match["colour"] or ""
    code = ord(sign)
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode's pictures of control characters
    if code == 0x7F:
        return "␡"
    return "�" if 0xD800 <= code <= 0xDFFF else f"‹U+{code:04X}›"


def without_colours(value: str) -> str:
    """What `text` returned, without its colours: for files that people `cat`."""
    return _COLOUR.sub("", value) if "\x1b" in value else value


def json(value: Any, path: str = "$", depth: int = 0) -> Any:
    """`value` as plain JSON whose strings went through `text`.

    Dates, UUIDs, decimals and enums become what JSON has for them. Raises ValueError for
    NaN, infinity and endless nesting, TypeError for what JSON cannot hold; both name the
    place as `$.scores[3]`.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return json(value.value, path, depth)
    if isinstance(value, str):
        return text(str(value))
    if isinstance(value, int | float):
        return _number(value, path)
    if isinstance(value, Mapping | list | tuple):
        return _container(value, path, depth)
    return _plain(value, path)


def _number(value: int | float, path: str) -> int | float:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{path} is {value!r}, which JSON does not have.")
        return float(value)
    if value.bit_length() > LONGEST_INTEGER_BITS:
        raise ValueError(f"{path} is an integer of more than 4000 digits.")
    return int(value)


def _container(
    value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], path: str, depth: int
) -> Any:
    if depth >= DEEPEST:
        raise ValueError(f"{path[:200]} is nested deeper than {DEEPEST} levels.")
    if isinstance(value, Mapping):
        named = ((_key(key, path), item) for key, item in value.items())
        return {key: json(item, f"{path}.{key}", depth + 1) for key, item in named}
    return [json(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]


def _key(key: Any, path: str) -> str:
    if isinstance(key, str):
        return text(str(key))
    if key is None or isinstance(key, bool | int | float):
        return stdlib_json.dumps(key if key is None else json(key, f"{path}.{key!r}"))
    plain = _plain(key, f"{path}, key {key!r:.50},")
    return plain if isinstance(plain, str) else str(plain)


def _plain(value: Any, path: str) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, Promise):
        return text(str(value))
    raise TypeError(f"{path} is a {type(value).__name__}, which JSON does not have.")


def mask(value: str, secrets: Iterable[str]) -> str:
    """`value` with each of the secrets, however it was quoted, replaced by dots."""
    return masker(secrets)(value)


def masker(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that hides these secrets in a text; cheap to call often."""
    shapes = {shape for secret in secrets for shape in _shapes(secret)}
    longest_first = sorted(shapes, key=lambda shape: (-len(shape), shape))

    def hide(value: str) -> str:
        for shape in longest_first:
            value = value.replace(shape, HIDDEN)
        return value

    return hide


def _shapes(secret: str) -> set[str]:
    """How a secret may look in a text: as it is, line by line, quoted by Python, JSON, URL."""
    lines = {line.strip() for line in secret.splitlines()}
    known = {secret} | lines
    for plain in tuple(known):
        known |= {repr(plain)[1:-1], stdlib_json.dumps(plain)[1:-1]}
        known |= {quote(plain, safe="", errors="replace"), text(plain)}
    return {shape for shape in known if len(shape) >= SHORTEST_SECRET}
