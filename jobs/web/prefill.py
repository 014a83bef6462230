"""What the address of a task's page wants its form to hold: read as if somebody had typed
it, and told of where it cannot be taken."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from jobs.params import Invalid, Parameters
from jobs.params.form.fields import LEFT_OUT, OneFile, Password, Tick, Typed

NEW = "job-new"
"""In the address: nothing is remembered. With a hyphen, so that no parameter has that name."""
_OWN = {"from", "like", "part", NEW}
_MOST_TOLD = 5
_TICKED = {"true": True, "1": True, "on": True, "yes": True}
_UNTICKED = {"false": False, "0": False, "off": False, "no": False}


@dataclass
class Prefilled:
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values or self.errors)


def prefilled(parameters: Parameters, query: QueryDict) -> Prefilled:
    """The values that the address gives, and what is wrong with others by their names."""
    found = Prefilled()
    fields: dict[str, Any] = dict(parameters.form().fields)
    for name in (each for each in query if each in fields):
        if not any(query.getlist(name)):
            continue
        try:
            found.values[name] = _read(parameters, name, fields[name], query)
        except ValidationError as wrong:
            found.errors[name] = list(wrong.messages)
            found.values[name] = _as_typed(fields[name], query, name)
    unknown = [name for name in query if name not in fields and name not in _OWN]
    if unknown and not parameters.signature.further:
        found.errors[""] = list(_told(unknown))
    return found


def _read(parameters: Parameters, name: str, field: Any, query: QueryDict) -> Any:
    """The value, typed; raises ValidationError for what the parameter does not take."""
    if isinstance(field, Password):
        raise ValidationError(_("A secret is taken from no address: type it here."))
    if isinstance(field, OneFile):
        raise ValidationError(_("A file is taken from no address: choose it here."))
    if isinstance(field, Tick):
        return _ticked(query.get(name, ""))
    value = field.clean(_raw(field, query, name))
    try:
        # What else is missing is nobody's mistake yet.
        parameters.validate({name: value})
    except Invalid as invalid:
        if name in invalid.fields:
            raise ValidationError(invalid.fields[name]) from None
    return None if value is LEFT_OUT else value


def _ticked(text: str) -> bool:
    known = _TICKED | _UNTICKED
    if text.strip().lower() not in known:
        raise ValidationError(_("Give true or false."))
    return known[text.strip().lower()]


def _raw(field: Any, query: QueryDict, name: str) -> Any:
    return field.widget.value_from_datadict(query, {}, name)


def _as_typed(field: Any, query: QueryDict, name: str) -> Any:
    """To be shown as it came, beside what is wrong with it; but for secrets."""
    if isinstance(field, Password | OneFile | Tick):
        return None
    raw = _raw(field, query, name)
    return [Typed(each) for each in raw] if isinstance(raw, list) else Typed(raw)


def _told(names: Iterable[str]) -> Iterable[str]:
    for name in list(names)[:_MOST_TOLD]:
        yield _("It takes no parameter “%(name)s”.") % {"name": name[:50]}
