"""What a schedule gives its task: JSON that a person wrote, judged by the one definition.

A schedule keeps it as text. Secrets lie in there sealed, as in the row of a job; people
see dots, and dots that come back unchanged mean the secret that was there.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, NoReturn, get_args

from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask
from kombu.utils import json as typed_json

from jobs import registry
from jobs.conf import configuration
from jobs.params import MASK, Invalid, Parameters, Upload
from jobs.params.kept import opened
from jobs.params.secret import SEALED
from jobs.params.shown import without_seals

_NOTHING: dict[str, type] = {"[]": list, "{}": dict}


def read(text: str, kind: type) -> Any:
    """The list or dictionary that `text` holds, with kombu's typed values read; raises
    ValueError that says what is wrong in words."""
    if _NOTHING.get(text) is kind:
        return kind()  # nearly all of them
    limit = configuration().params_max_bytes
    if len(text) > limit:
        raise ValueError(
            _("The parameters are larger than %(limit)d bytes.") % {"limit": limit}
        )
    try:
        plain = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
        if not isinstance(plain, kind):
            raise _Refused(_MUST_BE[kind]())
        return typed_json.loads(text)  # type: ignore[no-untyped-call]
    except _Refused:
        raise
    except RecursionError:
        raise ValueError(_("This is nested too deep.")) from None
    # Typed values are made by whatever type they name: `Decimal` raises ArithmeticError.
    except (ValueError, TypeError, ArithmeticError) as reason:
        raise ValueError(_("This is not JSON: %(reason)s") % {"reason": reason}) from None


def written(value: Any) -> str:
    """`value` as `read` takes it, for people."""
    return str(typed_json.dumps(value, indent=2, ensure_ascii=False))  # type: ignore[no-untyped-call]


def named(parameters: Parameters, args: list[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """All that is given, by name; raises Invalid."""
    names = _by_position(parameters)
    if len(args) > len(names):
        problem = _("The task takes at most %(most)d by position.") % {"most": len(names)}
        raise Invalid({"": [problem]})
    by_position = dict(zip(names, args, strict=False))
    if twice := sorted({*by_position} & {*kwargs}):
        raise Invalid({name: [_("This is given twice.")] for name in twice})
    return by_position | dict(kwargs)


def _by_position(parameters: Parameters) -> list[str]:
    return [
        each.name
        for each in parameters.signature.plain.parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]


def kept(parameters: Parameters, args: list[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """`kwargs` as the schedule keeps them: as they were written, secrets sealed. Raises
    Invalid when the task would not take them."""
    given = named(parameters, args, kwargs)
    all_of_it = with_moment(parameters.name, given, timezone.localtime())
    stored = parameters.store(parameters.validate(all_of_it), refuse_upload)
    sealed = {name: stored[name] for name in given if _is_sealed(stored.get(name))}
    if open_ones := sorted({*sealed} - {*kwargs}):
        problem = _("A secret is given by name, not by position.")
        raise Invalid({name: [problem] for name in open_ones})
    return {**kwargs, **sealed}


def veiled(parameters: Parameters | None, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """`kwargs` as people may see them. Of a task that is not known here (None) nobody
    can say what is secret: all values are masked."""
    if parameters is None:
        return dict.fromkeys(kwargs, MASK)
    return {name: _veiled(parameters, name, value) for name, value in kwargs.items()}


def veiled_args(parameters: Parameters | None, args: list[Any]) -> list[Any]:
    """The same for `args`: other programs store secrets by position too."""
    if parameters is None:
        return [MASK for _each in args]
    names = zip_longest(_by_position(parameters)[: len(args)], args)
    return [_veiled(parameters, name, value) for name, value in names]


def _veiled(parameters: Parameters, name: str | None, value: Any) -> Any:
    shown = without_seals(value)
    is_open = shown == value and value is not None
    # Other programs store a plain text where the hint says Secret.
    is_bare = is_open and name is not None and parameters.hides(name)
    return MASK if is_bare or name in parameters.secrets else shown


def unveiled(
    parameters: Parameters, kwargs: Mapping[str, Any], earlier: Mapping[str, Any]
) -> dict[str, Any]:
    """`kwargs` that come back from people, the dots among them replaced by the secrets
    that were there before; raises Unreadable."""
    return {
        name: opened(earlier[name])
        if value == MASK and parameters.hides(name) and name in earlier
        else _unveiled(value, earlier.get(name))
        for name, value in kwargs.items()
    }


def asked(entry: PeriodicTask, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a job of this schedule is to be given, by name and readable; raises Invalid,
    Unreadable and UnknownTask. `params` are others in the place of its own, in which dots
    mean the secrets that it has."""
    parameters = registry.get(entry.task).parameters
    try:
        args, kwargs = read(entry.args or "[]", list), read(entry.kwargs or "{}", dict)
    except ValueError as reason:
        raise Invalid({"": [str(reason)]}) from None
    own = named(parameters, args, kwargs)
    given: dict[str, Any] = opened(own) if params is None else unveiled(parameters, params, own)
    return given


def with_moment(task: str, given: dict[str, Any], local: datetime) -> dict[str, Any]:
    """What is written, and the moment (on the clock of the schedule) for a task that wants
    to know it; one that asks for a date gets the date."""
    definition = registry.get(task) if registry.knows(task) else None
    if definition is None or (name := definition.due_param) is None:
        return given
    signed = definition.parameters.signature.parameters
    hint = next(each.hint for each in signed if each.name == name)
    kinds = {hint, *get_args(hint)}
    wants_date = date in kinds and datetime not in kinds
    return {name: (local.date() if wants_date else local).isoformat(), **given}


class _Refused(ValueError):
    """Said in our words already."""


_MUST_BE: dict[type, Callable[[], str]] = {
    list: lambda: _("This must be a list: […]."),
    dict: lambda: _("This must be names with values: {…}."),
}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused(_("A name is given twice."))
    return found


def _no_number(name: str) -> NoReturn:
    raise _Refused(_("NaN and Infinity cannot be stored."))


def refuse_upload(upload: Upload) -> NoReturn:
    raise Invalid({"": [_("A schedule cannot be given a file.")]})


def _is_sealed(value: Any) -> bool:
    if isinstance(value, Mapping):
        return SEALED in value or any(map(_is_sealed, value.values()))
    return isinstance(value, list) and any(map(_is_sealed, value))


def _unveiled(value: Any, earlier: Any) -> Any:
    if value == MASK and isinstance(earlier, Mapping) and SEALED in earlier:
        return opened(earlier)
    if isinstance(value, dict) and isinstance(earlier, Mapping):
        return {name: _unveiled(inner, earlier.get(name)) for name, inner in value.items()}
    if isinstance(value, list) and isinstance(earlier, list):
        before = earlier + [None] * len(value)
        return [_unveiled(inner, old) for inner, old in zip(value, before, strict=False)]
    return value
