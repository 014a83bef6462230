"""Whether a function can be called with arguments at all, whatever their types."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from .invalid import WORDS

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def misfits(
    signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, list[str]]:
    """What keeps the call from being one, by parameter; nothing when it fits."""
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        return _found(signature, args, kwargs) or {"": [str(error)]}
    return {}


def _found(
    signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, list[str]]:
    parameters = signature.parameters
    kinds = {each.kind for each in parameters.values()}
    places = [each.name for each in parameters.values() if each.kind in _BY_POSITION]
    unnamed = {each.name for each in parameters.values() if each.kind is each.POSITIONAL_ONLY}
    given = {*places[: len(args)], *(kwargs.keys() - unnamed)}
    found: dict[str, list[str]] = {}
    if len(args) > len(places) and inspect.Parameter.VAR_POSITIONAL not in kinds:
        told = _("It takes %(most)s values by position, and %(given)s were given.")
        found[""] = [told % {"most": len(places), "given": len(args)}]
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        unknown = [name for name in kwargs if name not in parameters]
        found |= {name: [str(WORDS["extra_forbidden"])] for name in unknown}
    missing = [
        name
        for name, each in parameters.items()
        if each.default is each.empty
        and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        and name not in given
    ]
    return found | {name: [str(WORDS["missing"])] for name in missing}
