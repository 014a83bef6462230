"""What a task's `validate` says of its parameters, by field."""

from collections.abc import Mapping
from typing import Any

import pydantic
from django.core.exceptions import ValidationError

from jobs.params import Invalid

from .outcome import words_of


def refusal(error: Exception) -> Exception:
    """Invalid, for what was raised to say that parameters make no sense; what says
    anything else stays as it is."""
    if isinstance(error, Invalid):
        return error
    if isinstance(error, ValidationError):
        return Invalid(_of_django(error))
    if isinstance(error, pydantic.ValidationError):
        return Invalid(_of_pydantic(error))
    if isinstance(error, ValueError | AssertionError):
        return Invalid({"": [words_of(error) or type(error).__name__]})
    return error


def _of_django(error: ValidationError) -> Mapping[str, list[str]]:
    if hasattr(error, "error_dict"):
        by_name = error.message_dict
        # Django's name for what is wrong with the whole.
        return {"" if name == "__all__" else name: by_name[name] for name in by_name}
    return {"": error.messages}


def _of_pydantic(error: pydantic.ValidationError) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        way: tuple[Any, ...] = fault["loc"]
        found.setdefault(str(way[0]) if way else "", []).append(fault["msg"])
    return found
