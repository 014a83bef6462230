"""ParametersForm: what a person is asked, in the order of the function's signature."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from pydantic.fields import FieldInfo

from jobs.params.hints import Hint
from jobs.params.invalid import Invalid
from jobs.params.kept import emptied
from jobs.params.signature import humanised

from . import kinds
from .fields import LEFT_OUT, Further, OneFile

if TYPE_CHECKING:
    from jobs.params.parameters import Parameters


class ParametersForm(forms.Form):
    """Asks for `parameters`. `initial` is what an earlier job had stored, or plain values;
    secrets and files in it are left empty. `kept` are files by the names of their fields,
    given when none is chosen. Valid means that pydantic said so."""

    def __init__(
        self,
        parameters: "Parameters",
        data: Any = None,
        files: Any = None,
        initial: Mapping[str, Any] | None = None,
        *,
        kept: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> None:
        self.parameters = parameters
        self.kept = kept or {}
        self.further = parameters.signature.further
        filled = {name: emptied(value) for name, value in (initial or {}).items()}
        super().__init__(data, files, initial=self._gathered(filled), **how)
        for attribute, info in parameters.model.model_fields.items():
            name = info.alias or attribute
            self.fields[name] = self._field(name, info)
        if self.further:
            self.fields[self.further] = self._further(self.further)

    def clean(self) -> dict[str, Any]:
        try:
            self.parameters.validate(self.given())
        except Invalid as invalid:
            self.take(invalid)
        return self.cleaned_data

    def given(self) -> dict[str, Any]:
        """What was filled in, for `Parameters.validate`; what was left out is not there."""
        given = {
            name: value for name, value in self.cleaned_data.items() if value is not LEFT_OUT
        }
        further = given.pop(self.further, {}) if self.further else {}
        return {**further, **given}

    def warn(self, errors: Mapping[str, list[str]]) -> None:
        """Before anything is sent: what is wrong with what the form is filled from."""
        self.cleaned_data: dict[str, Any] = {}
        self.take(Invalid(errors))

    def take(self, invalid: Invalid) -> None:
        """Put errors on their fields. A field that could not even be read keeps the error
        that says so."""
        for name, messages in invalid.fields.items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, messages)
            elif name not in self.fields:
                self._take_elsewhere(name, messages)

    def _take_elsewhere(self, name: str, messages: list[str]) -> None:
        named = [f"{name}: {message}" if name else message for message in messages]
        self.add_error(self.further if name and self.further else None, named)

    def _gathered(self, initial: Mapping[str, Any]) -> dict[str, Any]:
        """What goes beyond the named parameters is one field, the `**kwargs`."""
        known = {name: initial[name] for name in self.parameters.names if name in initial}
        beyond = {name: value for name, value in initial.items() if name not in known}
        return known | ({self.further: beyond} if self.further and beyond else {})

    def _field(self, name: str, info: FieldInfo) -> forms.Field:
        hint = Hint.of(info.annotation, (info, *info.metadata))
        how = {
            "label": info.title or humanised(name),
            "help_text": info.description or "",
            "initial": self.parameters.defaults.get(name),
            "required": info.is_required() and not hint.optional,
            "when_empty": _when_empty(hint, info),
        }
        if name in self.parameters.secrets:
            return kinds.password(how)
        field = kinds.field_for(hint, how)
        if name in self.kept and isinstance(field, OneFile):
            field.keep(self.kept[name])
        return field

    def _further(self, name: str) -> forms.Field:
        return Further(
            label=humanised(name),
            help_text=_("Further parameters by name."),
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
            required=False,
            when_empty={},
        )


def _when_empty(hint: Hint, info: FieldInfo) -> Any:
    if hint.optional:
        return None
    # A text that was emptied is an empty text; nothing else can be empty.
    return "" if hint.only is str and not info.is_required() else LEFT_OUT
