"""Fields of which the value is one, or several, of a few."""

import json
from collections.abc import Sequence
from enum import Enum
from typing import Any

from django import forms
from django.forms.widgets import ChoiceWidget
from django.utils.translation import gettext as _
from pydantic_core import to_jsonable_python

from .fields import Asked, Typed


class Choice(Asked):
    """One of a few values of any type; the form sends their text."""

    widget: type[ChoiceWidget] = forms.Select

    def __init__(self, *, values: Sequence[Any], **how: Any) -> None:
        super().__init__(**how)
        self.values = {choice_key(value): value for value in values}
        offered = [(key, choice_label(value)) for key, value in self.values.items()]
        self.offer(offered)

    def offer(self, offered: list[tuple[str, str]]) -> None:
        """Give the widget its choices; nothing chosen is one where that may be."""
        if self.initial is None or self.when_empty is None:
            offered = [("", _("choose…") if self.required else "—"), *offered]
        self.widget.choices = offered

    def read(self, typed: str) -> Any:
        value = self.values.get(typed, typed)
        return value.value if isinstance(value, Enum) else value

    def write(self, value: Any) -> str:
        return choice_key(value)


class Choices(Choice):
    """Several of a few values."""

    widget = forms.CheckboxSelectMultiple

    def offer(self, offered: list[tuple[str, str]]) -> None:
        self.widget.choices = offered

    def read(self, typed: Sequence[str]) -> list[Any]:
        return [super(Choices, self).read(each) for each in typed]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
            return value
        return [each if isinstance(each, Typed) else choice_key(each) for each in value]


def choice_key(value: Any) -> str:
    """How a browser sends a choice: its value as text."""
    value = value.value if isinstance(value, Enum) else value
    return value if isinstance(value, str) else json.dumps(to_jsonable_python(value))


def choice_label(value: Any) -> str:
    """How people read it; Django's choices and other enums have names for that."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if not isinstance(value, Enum):
        return str(value)
    label = getattr(value, "label", None)
    if label is not None:
        return str(label)
    return value.value if isinstance(value.value, str) else value.name.replace("_", " ").lower()
