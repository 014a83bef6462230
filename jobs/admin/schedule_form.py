"""The form of a schedule: nothing a person types reaches Celery as a name, a header or a
route, and the task judges what it is to be given."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from jobs import permissions, sanitize
from jobs.params import Invalid, Parameters, Unreadable
from jobs.scheduling import given
from jobs.scheduling.fire import HIGHEST_PRIORITY

from .rules import ModelForm
from .shown import parameters

FIELDS = (
    "name", "task", "enabled", "description", "interval", "crontab", "solar", "clocked",
    "start_time", "one_off", "args", "kwargs", "priority", "expires", "expire_seconds",
)  # fmt: skip
_PRIORITY = _("0 (last) to 9 (first); empty is what the task says.")


class ScheduleForm(ModelForm):
    """`user` is who fills it; the page sets it on a class made for the request."""

    user: permissions.Person
    task = forms.ChoiceField(label=_("Task"))

    class Meta:
        model = PeriodicTask
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kwargs" not in self.fields:
            return  # for those who may only look
        self.fields["task"].choices = [("", "-" * 9), *_choices(self.user, self.instance)]  # type: ignore[attr-defined]
        for name in ("args", "kwargs"):
            self.fields[name].widget.attrs["rows"] = 4
        self.fields["priority"].widget.attrs["max"] = HIGHEST_PRIORITY
        self.fields["priority"].help_text = _PRIORITY
        self.initial["kwargs"] = veiled_text(self.instance)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if sanitize.text(name) != name or "\n" in name or "\t" in name:
            raise ValidationError(_("A name is one line of plain text."))
        return name

    def clean_priority(self) -> int | None:
        priority: int | None = self.cleaned_data["priority"]
        if priority is not None and priority > HIGHEST_PRIORITY:
            raise ValidationError(_PRIORITY)
        return priority

    def clean_args(self) -> list[Any]:
        return self._read("args", list)  # type: ignore[no-any-return]

    def clean_kwargs(self) -> dict[str, Any]:
        return self._read("kwargs", dict)  # type: ignore[no-any-return]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("expire_seconds") is not None and values.get("expires"):
            raise ValidationError(_("Give one of the two: expires, or expire seconds."))
        if {"task", "args", "kwargs"} <= {*values}:
            self._judge(values)
        return values

    def _read(self, name: str, kind: type) -> Any:
        try:
            return given.read(self.cleaned_data[name] or repr(kind()), kind)
        except ValueError as reason:
            raise ValidationError(str(reason)) from None

    def _judge(self, values: dict[str, Any]) -> None:
        """Turn what was read back into text as it is kept, if the task takes it."""
        stored = self.instance
        if self._is_as_it_was(values):
            # What was good enough before may stay, also for a task unknown here.
            values["args"], values["kwargs"] = stored.args, stored.kwargs
            return
        try:
            kept = self._kept(parameters(values["task"]), values)
        except Invalid as invalid:
            self._tell(invalid)
        except Unreadable:
            problem = _("A secret cannot be read: SECRET_KEY has changed. Enter it anew.")
            self.add_error("kwargs", problem)
        else:
            values["args"] = given.written(values["args"])
            values["kwargs"] = given.written(kept)

    def _is_as_it_was(self, values: Mapping[str, Any]) -> bool:
        stored = self.instance
        if not stored.pk or values["task"] != stored.task:
            return False
        veiled = given.veiled(parameters(stored.task), stored_kwargs(stored.kwargs))
        return (values["args"], values["kwargs"]) == (stored_args(stored.args), veiled)

    def _kept(self, known: Parameters | None, values: Mapping[str, Any]) -> dict[str, Any]:
        if known is None:
            raise Invalid({"": [str(_("This task is not registered: its parameters stay."))]})
        earlier = {}
        if values["task"] == self.instance.task:
            earlier = stored_kwargs(self.instance.kwargs)
        kwargs = given.unveiled(known, values["kwargs"], earlier)
        return given.kept(known, values["args"], kwargs)

    def _tell(self, invalid: Invalid) -> None:
        for name, errors in invalid.fields.items():
            for error in errors:
                self.add_error("kwargs", f"{name}: {error}" if name else error)


def stored_kwargs(text: str) -> dict[str, Any]:
    """What a schedule keeps; empty when nobody can read it."""
    try:
        return given.read(text or "{}", dict)  # type: ignore[no-any-return]
    except ValueError:
        return {}


def stored_args(text: str) -> list[Any]:
    """The same for positional ones."""
    try:
        return given.read(text or "[]", list)  # type: ignore[no-any-return]
    except ValueError:
        return []


def _choices(user: permissions.Person, entry: PeriodicTask) -> list[tuple[str, str]]:
    """Registered tasks; and the one that the schedule has, which nobody typed now."""
    names = permissions.eligible(user)
    choices = [(name, name) for name in sorted(names | ({entry.task} - {""}))]
    if entry.task and parameters(entry.task) is None:
        mark = str(_("%(name)s (not registered)") % {"name": entry.task})
        choices = [(name, mark if name == entry.task else label) for name, label in choices]
    return choices


def veiled_text(entry: PeriodicTask) -> str:
    """The keyword arguments for people; text that is no JSON is shown as it is."""
    try:
        kwargs = given.read(entry.kwargs or "{}", dict)
    except ValueError:
        return str(entry.kwargs)
    return given.written(given.veiled(parameters(entry.task), kwargs))
