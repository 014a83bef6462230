"""Fields as Django's admin draws them."""

from collections.abc import Mapping
from typing import Any

from django.utils.html import escape


def escape_help(fields: Mapping[str, Any]) -> None:
    """Django takes it for HTML; of parameters it is the text of a docstring."""
    for field in fields.values():
        field.help_text = escape(field.help_text)
