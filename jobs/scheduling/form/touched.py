"""Whether a person wrote something into a field: what nobody touched stays as it is kept, to
the microsecond that no browser sends."""

from typing import Any

from django.forms import BoundField
from django.forms.widgets import CheckboxInput


def is_touched(field: BoundField) -> bool:
    """Whether something else came back than what it showed."""
    shown = field.field.prepare_value(field.initial)
    sent: Any = field.data
    if isinstance(field.field.widget, CheckboxInput):
        return bool(shown) != bool(sent)
    if isinstance(sent, list):
        return [str(each) for each in shown or []] != sent
    plain = "" if shown is None else str(shown).replace("\r\n", "\n")
    return plain != str(sent or "").replace("\r\n", "\n")
