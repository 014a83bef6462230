"""What its task is to be given, asked for by the fields of the form that runs it.

A value that nobody touched stays as it is kept, or stays left out: so a secret is never sent
to the browser and back, and a default is still that of the code.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.params import MASK, Invalid, Parameters
from jobs.params.form.fields import LEFT_OUT, Json, OneFile, Password
from jobs.scheduling import given
from jobs.scheduling.told import parameters, told

from .touched import is_touched

PREFIX = "given-"
"""Of the names of these fields: no other field of a schedule begins so."""


class Asked:
    """The parameters of one task as fields of a larger form. `entry` is the schedule that
    is edited, of which the values count while it keeps its task."""

    def __init__(self, task: str, entry: PeriodicTask | None = None) -> None:
        self.task = task
        self.parameters = parameters(task)
        self.takes_files = False
        self.flaw = ""
        """Why nobody can say what is kept, in words."""
        self.kept: dict[str, Any] = {}
        """By name: as JSON, secrets masked, to be given once more as it is."""
        self.shown: dict[str, Any] = {}
        """The same with Celery's typed values read, for fields."""
        self.fields: dict[str, Any] = {}
        self.initial: dict[str, Any] = {}
        if entry is not None and entry.task == task:
            self._read(entry, self.parameters)
        if self.parameters is not None:
            self._ask(self.parameters, task)

    def changed(self, form: forms.Form) -> dict[str, Any] | None:
        """What it is to be given from now on; None where that is as it was."""
        names = [name for name in self.fields if is_touched(form[PREFIX + name])]
        if not names:
            return None
        found = {
            name: value for name, value in self.kept.items() if self._field(name) not in names
        }
        touched = {name: form.cleaned_data.get(PREFIX + name, LEFT_OUT) for name in names}
        return found | self._typed({n: v for n, v in touched.items() if v is not LEFT_OUT})

    def _typed(self, values: dict[str, Any]) -> dict[str, Any]:
        """As JSON: what a browser sends is text."""
        known = self.parameters
        assert known is not None
        further = values.pop(self._further, {})
        plain = {n: v for n, v in values.items() if not self._is_json(n)}
        return {**further, **values, **known.plain(plain)}

    def _is_json(self, name: str) -> bool:
        """Whether it is typed already, or holds a secret, which `plain` would veil."""
        assert self.parameters is not None
        return isinstance(self.fields[name], Json) or self.parameters.hides(name)

    def _read(self, entry: PeriodicTask, known: Parameters | None) -> None:
        try:
            args, kwargs = (
                given.read(entry.args or "[]", list),
                given.read(entry.kwargs or "{}", dict),
            )
            stored = told(entry.policy)
            if known is not None:
                self.shown = given.veiled(known, given.named(known, args, kwargs))
                self.kept = given.named(known, stored["args"], stored["params"])
        except ValueError as reason:
            self.flaw = str(reason)
        except Invalid as invalid:
            self.flaw = " ".join(each for told in invalid.fields.values() for each in told)

    def _ask(self, known: Parameters, task: str) -> None:
        asked: Any = known.form(initial=self.shown)
        self.initial = asked.initial
        self.fields = {n: f for n, f in asked.fields.items() if not isinstance(f, OneFile)}
        self.takes_files = len(self.fields) < len(asked.fields)
        if (due := registry.get(task).due_param) in self.fields:
            _may_be_empty(self.fields[due], _("Empty: the moment that it stands for."))
        for name, field in self.fields.items():
            if isinstance(field, Password) and self.kept.get(name) is not None:
                _may_be_empty(field, _("Empty: it keeps the one that it has."))
                field.widget.attrs["placeholder"] = MASK

    def _field(self, name: str) -> str:
        """The field in which a kept value stands: what goes beyond is all in one."""
        return name if name in self.fields or not self._further else self._further

    @property
    def _further(self) -> str:
        return (self.parameters.signature.further or "") if self.parameters else ""


def _may_be_empty(field: Any, told: str) -> None:
    field.required, field.when_empty = False, LEFT_OUT
    field.help_text = f"{field.help_text} {told}".strip()
