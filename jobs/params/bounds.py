"""How large and how odd parameters may be, whatever the hints allow."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from jobs.conf import configuration

from .file import KEPT
from .invalid import Invalid
from .secret import SEALED

DEEPEST = 32
"""Levels of lists and dictionaries inside one parameter."""

LONGEST_INTEGER = 1_000
"""Digits of a whole number: more cost seconds to read, and mean nothing."""

_LONGEST_BITS = int(LONGEST_INTEGER * math.log2(10)) + 1


class Refused(ValueError):
    """One value that cannot be accepted, in words for people."""


def refuse_odd(given: Mapping[str, Any]) -> None:
    """Raises Invalid for text that no database takes, numbers that are none, and depth
    or size beyond all use; `given` may be anything that JSON or Python code can hold."""
    faults = {}
    left = configuration().params_max_bytes
    for name, value in given.items():
        try:
            _refuse_odd_text(name)
            left -= _measured(value, left)
        except Refused as refused:
            faults[name if isinstance(name, str) and name.isprintable() else ""] = [
                str(refused)
            ]
    if faults:
        raise Invalid(faults)


def refuse_large(stored: Mapping[str, Any]) -> None:
    """Raises Invalid when the JSON of all parameters is over JOBS_PARAMS_MAX_BYTES."""
    size = len(json.dumps(stored).encode())
    limit = configuration().params_max_bytes
    if size > limit:
        raise Invalid({"": [_too_large(limit)]})


def _measured(value: Any, left: int, depth: int = 0) -> int:
    """About how many bytes the value takes; raises Refused."""
    if isinstance(value, str):
        _refuse_odd_text(value)
        size = len(value)
    elif isinstance(value, Mapping):
        size = _measured_all(_pairs(value), left, depth)
    elif isinstance(value, list | tuple | set | frozenset):
        size = _measured_all(value, left, depth)
    else:
        _refuse_odd_number(value)
        size = 1
    if size > left:
        raise Refused(_too_large(configuration().params_max_bytes))
    return size


def _measured_all(values: Iterable[Any], left: int, depth: int) -> int:
    if depth >= DEEPEST:
        raise Refused(_("This is nested more than %(depth)d levels deep.") % {"depth": DEEPEST})
    size = 2
    for value in values:
        size += _measured(value, left - size, depth + 1)
    return size


def _pairs(value: Mapping[Any, Any]) -> Iterable[Any]:
    for key, inner in value.items():
        if key in (KEPT, SEALED):
            raise Refused(_("The name “%(name)s” is reserved.") % {"name": key})
        yield key
        yield inner


def _refuse_odd_text(value: Any) -> None:
    if not isinstance(value, str):
        return
    if "\x00" in value:
        raise Refused(_("NUL characters cannot be stored."))
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Refused(_("Half characters (lone surrogates) cannot be stored."))


def _refuse_odd_number(value: Any) -> None:
    if isinstance(value, int) and value.bit_length() > _LONGEST_BITS:
        raise Refused(
            _("A whole number may have at most %(digits)d digits.")
            % {"digits": LONGEST_INTEGER}
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused(_("NaN and Infinity cannot be stored."))


def _too_large(limit: int) -> str:
    return _("The parameters are larger than %(limit)d bytes.") % {"limit": limit}
