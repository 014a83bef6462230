"""One field for each kind of parameter: from text to what pydantic reads, and back.

None of them judges: pydantic does, for pages, API and schedules alike.
"""

import base64
import json
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_duration
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic_core import to_jsonable_python

from jobs.params import durations

LEFT_OUT: Any = object()
"""Nothing was filled in: the function's own default counts."""


class Typed(str):
    """What a person typed, to be shown again as it is; other text is a stored value."""


class Asked(forms.Field):
    """One parameter. `when_empty` is its value when nothing is filled in."""

    advice: Any = ""

    def __init__(self, *, when_empty: Any = LEFT_OUT, help_text: str = "", **how: Any) -> None:
        self.when_empty = when_empty
        super().__init__(**how, help_text=" ".join(filter(None, [help_text, self.advised()])))

    def advised(self) -> str:
        """How to write the value, in words."""
        return str(self.advice)

    def clean(self, value: Any) -> Any:
        if value in self.empty_values:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return self.when_empty
        return self.read(value)

    def read(self, typed: Any) -> Any:
        """What pydantic is given for what was typed; ValidationError when it cannot be read."""
        return typed

    def write(self, value: Any) -> Any:
        """The text that `read` takes for this value."""
        return str(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return Typed(data) if isinstance(data, str) else data

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Typed):
            return value
        try:
            return self.write(value)
        except (ValueError, TypeError, OverflowError):
            # Stored when the function had another signature, or put into the address by
            # somebody: nothing that this field could show.
            return None


class Text(Asked):
    def read(self, typed: str) -> Any:
        return typed.replace("\r\n", "\n")  # browsers send line ends as CRLF

    def write(self, value: Any) -> str:
        return str(value.value if isinstance(value, Enum) else value)


class Bytes(Text):
    """Text that the function gets as bytes; rows keep these as base64."""

    def read(self, typed: str) -> Any:
        return super().read(typed).encode()

    def write(self, value: Any) -> str:
        data = value if isinstance(value, bytes) else base64.urlsafe_b64decode(value)
        return data.decode(errors="replace")


class Number(Asked):
    def read(self, typed: str) -> str:
        return typed.strip()


class Tick(forms.BooleanField):
    """A box that may be ticked: never required, for unticked is an answer."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how | {"required": False})

    def prepare_value(self, value: Any) -> Any:
        # The address of a page says it in text.
        return self.to_python(value)


class Date(Asked):
    def write(self, value: Any) -> str:
        return value.isoformat() if isinstance(value, date) else str(value)


class Time(Asked):
    def write(self, value: Any) -> str:
        return value.isoformat("seconds") if isinstance(value, time) else str(value)


class DateTime(Asked):
    """A moment in the reader's own time zone: a browser sends it without one."""

    naive = False

    def advised(self) -> str:
        zone = timezone.get_current_timezone_name()
        return _("Time zone: %(zone)s.") % {"zone": zone}

    def read(self, typed: str) -> Any:
        try:
            moment = parse_datetime(typed.strip())
        except ValueError:
            moment = None
        if moment is None or self.naive or moment.tzinfo is not None:
            return moment or typed
        return from_current_timezone(moment)

    def write(self, value: Any) -> str:
        moment = parse_datetime(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime):
            return str(value)
        if timezone.is_aware(moment):
            moment = timezone.localtime(moment)
        # Browsers take three digits of a second at most.
        precision = "milliseconds" if moment.microsecond else "seconds"
        return moment.replace(tzinfo=None).isoformat(timespec=precision)


class Duration(Asked):
    advice = gettext_lazy("Like 90 (seconds), 1:30:00 or 2h 30m.")

    def read(self, typed: str) -> Any:
        found = durations.read(typed)
        return typed if found is None else found

    def write(self, value: Any) -> str:
        duration = parse_duration(value) if isinstance(value, str) else value
        return durations.written(duration) if isinstance(duration, timedelta) else str(value)


class Lines(Asked):
    """A list, one value on each line; what no line can hold is written as JSON text."""

    widget = forms.Textarea
    advice = gettext_lazy("One on each line.")

    def read(self, typed: str) -> list[Any]:
        return [_unquoted(line.strip()) for line in typed.splitlines() if line.strip()]

    def write(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        plain = to_jsonable_python(value)
        return "\n".join(_quoted(each) for each in plain)


class Json(Asked):
    """Lists, dictionaries and models as JSON."""

    widget = forms.Textarea
    advice = gettext_lazy("Written as JSON.")

    def read(self, typed: str) -> Any:
        try:
            return json.loads(typed, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as wrong:
            place = {"line": getattr(wrong, "lineno", 1), "column": getattr(wrong, "colno", 1)}
            problem = _("This is not valid JSON; look at line %(line)d, column %(column)d.")
            raise ValidationError(problem % place, code="json") from wrong

    def write(self, value: Any) -> str:
        return json.dumps(to_jsonable_python(value), ensure_ascii=False, indent=2)


class Further(Json):
    """What a function takes beyond its named parameters: names with values."""

    def read(self, typed: str) -> Any:
        found = super().read(typed)
        if not isinstance(found, dict):
            raise ValidationError(_("Give names with their values."), code="dict")
        return found


class Anything(Json):
    """JSON, or else simply text: for parameters of which the function says nothing."""

    advice = gettext_lazy("Text, or JSON.")

    def read(self, typed: str) -> Any:
        try:
            return super().read(typed)
        except ValidationError:
            if typed.lstrip()[:1] in ('"', "[", "{"):
                raise
            return typed.replace("\r\n", "\n")

    def write(self, value: Any) -> str:
        if isinstance(value, str) and self._stays_text(value):
            return value
        return super().write(value)

    def _stays_text(self, value: str) -> bool:
        try:
            return self.read(value) is value
        except ValidationError:
            return False


class Password(Asked):
    """A secret: never sent back to the browser."""

    widget = forms.PasswordInput

    def prepare_value(self, value: Any) -> Any:
        return None


class ManyFileInput(forms.FileInput):
    allow_multiple_selected = True


class OneFile(Asked):
    widget = forms.FileInput

    def keep(self, files: Any) -> None:
        """When none is chosen these, given before, are given again."""
        self.required, self.when_empty = False, files
        shown = files if isinstance(files, list) else [files]
        names = ", ".join(str(file.name) for file in shown)
        told = _("When you choose none, it keeps: %(names)s") % {"names": names}
        self.help_text = " ".join(filter(None, [str(self.help_text), told]))

    def bound_data(self, data: Any, initial: Any) -> Any:
        return None


class ManyFiles(OneFile):
    widget = ManyFileInput


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    is_plain = text and text == text.strip() and len(text.splitlines()) == 1 and text[0] != '"'
    return text if is_plain else json.dumps(text)


def _unquoted(line: str) -> str:
    if line[:1] != '"':
        return line
    try:
        text = json.loads(line)
    except ValueError:
        return line
    return text if isinstance(text, str) else line
