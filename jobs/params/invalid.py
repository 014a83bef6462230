"""What is wrong with parameters, on the field where it is, in words for people."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ValidationError

from .hints import Hint

WORDS: dict[str, Any] = {
    "missing": gettext_lazy("This field is required."),
    "extra_forbidden": gettext_lazy("There is no parameter of this name."),
    "none_required": gettext_lazy("Leave this empty."),
    "bool_type": gettext_lazy("Answer yes or no."),
    "bool_parsing": gettext_lazy("Answer yes or no."),
    "int_type": gettext_lazy("Enter a whole number."),
    "int_parsing": gettext_lazy("Enter a whole number."),
    "int_parsing_size": gettext_lazy("This number is too long."),
    "int_from_float": gettext_lazy("Enter a whole number, without decimals."),
    "float_type": gettext_lazy("Enter a number."),
    "float_parsing": gettext_lazy("Enter a number."),
    "finite_number": gettext_lazy("Enter a finite number."),
    "decimal_type": gettext_lazy("Enter a number."),
    "decimal_parsing": gettext_lazy("Enter a number."),
    "decimal_max_digits": gettext_lazy("Enter at most %(max_digits)s digits."),
    "decimal_max_places": gettext_lazy("Enter at most %(decimal_places)s decimals."),
    "decimal_whole_digits": gettext_lazy(
        "Enter at most %(whole_digits)s digits before the decimals."
    ),
    "greater_than": gettext_lazy("Enter more than %(gt)s."),
    "greater_than_equal": gettext_lazy("Enter %(ge)s or more."),
    "less_than": gettext_lazy("Enter less than %(lt)s."),
    "less_than_equal": gettext_lazy("Enter %(le)s or less."),
    "multiple_of": gettext_lazy("Enter a multiple of %(multiple_of)s."),
    "string_type": gettext_lazy("Enter text."),
    "string_sub_type": gettext_lazy("Enter text."),
    "string_unicode": gettext_lazy("This text holds characters that cannot be stored."),
    "string_too_short": gettext_lazy("Enter at least %(min_length)s characters."),
    "string_too_long": gettext_lazy("Enter at most %(max_length)s characters."),
    "string_pattern_mismatch": gettext_lazy("This text must match the pattern %(pattern)s."),
    "too_short": gettext_lazy("Give at least %(min_length)s; there are %(actual_length)s."),
    "too_long": gettext_lazy("Give at most %(max_length)s; there are %(actual_length)s."),
    "literal_error": gettext_lazy("Choose one of: %(expected)s."),
    "enum": gettext_lazy("Choose one of: %(expected)s."),
    "date_type": gettext_lazy("Enter a date, like 2026-08-22."),
    "date_parsing": gettext_lazy("Enter a date, like 2026-08-22."),
    "date_from_datetime_parsing": gettext_lazy("Enter a date, like 2026-08-22."),
    "date_from_datetime_inexact": gettext_lazy("Enter a date without a time."),
    "date_past": gettext_lazy("Enter a date in the past."),
    "date_future": gettext_lazy("Enter a date in the future."),
    "time_type": gettext_lazy("Enter a time, like 18:30."),
    "time_parsing": gettext_lazy("Enter a time, like 18:30."),
    "datetime_type": gettext_lazy("Enter a date and time, like 2026-08-22T18:30."),
    "datetime_parsing": gettext_lazy("Enter a date and time, like 2026-08-22T18:30."),
    "datetime_from_date_parsing": gettext_lazy("Enter a date and time, like 2026-08-22T18:30."),
    "datetime_past": gettext_lazy("Enter a moment in the past."),
    "datetime_future": gettext_lazy("Enter a moment in the future."),
    "timezone_naive": gettext_lazy("Leave out the time zone."),
    "timezone_aware": gettext_lazy("Give the time zone, like 2026-08-22T18:30Z."),
    "time_delta_type": gettext_lazy("Enter a duration, like 90, 1:30:00 or 2h 30m."),
    "time_delta_parsing": gettext_lazy("Enter a duration, like 90, 1:30:00 or 2h 30m."),
    "uuid_type": gettext_lazy("Enter a UUID."),
    "uuid_parsing": gettext_lazy("Enter a UUID."),
    "uuid_version": gettext_lazy("Enter a UUID of version %(expected_version)s."),
    "url_type": gettext_lazy("Enter a URL, like https://example.org/."),
    "url_parsing": gettext_lazy("Enter a URL, like https://example.org/."),
    "url_syntax_violation": gettext_lazy("Enter a URL, like https://example.org/."),
    "url_too_long": gettext_lazy("Enter at most %(max_length)s characters."),
    "url_scheme": gettext_lazy("The URL must begin with one of: %(expected_schemes)s."),
    "list_type": gettext_lazy("Give a list."),
    "tuple_type": gettext_lazy("Give a list."),
    "set_type": gettext_lazy("Give a list."),
    "frozen_set_type": gettext_lazy("Give a list."),
    "dict_type": gettext_lazy("Give names with their values."),
    "model_type": gettext_lazy("Give names with their values."),
    "model_attributes_type": gettext_lazy("Give names with their values."),
    "dataclass_type": gettext_lazy("Give names with their values."),
    "file_type": gettext_lazy("Choose a file."),
    "recursion_loop": gettext_lazy("This refers to itself."),
}


class Invalid(ValueError):
    """Parameters that were refused. `fields` maps a parameter to its errors; the key
    "" holds what is wrong with them as a whole. Never holds a value that was given."""

    def __init__(self, fields: Mapping[str, Iterable[str]] | str) -> None:
        if isinstance(fields, str):  # Celery's results keep no more than its words
            fields = {"": [fields]}
        self.fields = {name: list(errors) for name, errors in fields.items()}
        super().__init__(
            "; ".join(
                f"{name}: {error}" if name else error
                for name, errors in self.fields.items()
                for error in errors
            )
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.fields,)


def invalid(error: ValidationError, model: type[BaseModel]) -> Invalid:
    """pydantic's errors in our words, each on its parameter."""
    fields: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        name, *inside = fault["loc"] or ("",)
        message = _where(inside, str(name), model) + worded(fault)
        messages = fields.setdefault(str(name), [])
        if message not in messages:
            messages.append(message)
    return Invalid(fields)


def worded(fault: Any) -> str:
    """One of pydantic's errors in our words."""
    words = WORDS.get(fault["type"])
    if words is not None:
        return str(words % fault.get("ctx", {}))
    own = fault.get("ctx", {}).get("error")
    if fault["type"] in ("value_error", "assertion_error") and own is not None and str(own):
        return _sentences(own)
    return _("%(problem)s.") % {"problem": fault["msg"].rstrip(".")}


def _sentences(error: Exception) -> str:
    """A validator of the site's own says it in its words; Django's hold a list."""
    return " ".join(getattr(error, "messages", None) or [str(error)])


def _where(inside: list[Any], name: str, model: type[BaseModel]) -> str:
    """The way from the field to the fault: `[2].width: `; nothing for the field itself."""
    field = next((f for key, f in model.model_fields.items() if (f.alias or key) == name), None)
    # In a union the first step names the alternative that was tried.
    if field is not None and len(Hint.of(field.annotation).alternatives) > 1:
        inside = inside[1:]
    way = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in inside)
    return f"{way.removeprefix('.')}: " if way else ""
