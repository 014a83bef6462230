"""ScheduleForm: all that a person may say of a schedule. Saving it is the verb of
`jobs.scheduling.edit`, and so is the judgement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS as ALL
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Schedule
from jobs.params import Invalid
from jobs.scheduling import edit
from jobs.scheduling.told import parameters

from . import policy, when
from .asked import PREFIX, Asked
from .touched import is_touched

LOOK = "form-look"
"""The button that saves nothing: it shows the fields of the chosen task, and the moments."""

FIELDS_OF = "fields-of"
"""The hidden field that names the task whose parameters the form asks for: another one may
have been chosen since."""
_ABOUT = ("name", "task", "enabled", "note")
_TIMING = tuple(name for names in when.KINDS.values() for name in names)
_TIMES = ("enabled", *policy.bounds(), *policy.dealing())
_SECTIONS: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("about", "", _ABOUT),
    ("when", _("When"), ("timing", ("cron", "timezone"), ("every", "unit"), "at", "event",
                         ("latitude", "longitude"))),
    ("given", _("Parameters"), ()),
    ("bounds", _("From, until, and not then"),
     (("start_at", "end_at"), "remaining", "blackout")),
    ("dealing", _("Overlap, misses and failures"),
     ("overlap", ("catch_up", "catch_up_window_seconds"), ("grace_seconds", "jitter_seconds"),
      "pause_after_failures")),
    ("running", _("How its jobs run"),
     (("run_as", "queue"), ("priority", "expires_seconds"), "expires_with_next")),
    ("why", "", ("reason",)),
)  # fmt: skip


@dataclass(frozen=True)
class Section:
    """Fields that belong together, those beside each other in one row."""

    key: str
    title: Any
    rows: list[tuple[str, ...]]
    form: forms.Form

    def __iter__(self) -> Iterator[list[BoundField]]:
        return ([self.form[name] for name in row] for row in self.rows)


class ScheduleForm(forms.Form):
    """Asks `user` for a schedule: for `entry`, or for a new one. Valid means that the
    verb would take it."""

    name = forms.CharField(label=_("Name"), max_length=200)
    task = forms.ChoiceField(label=_("Task"))
    enabled = forms.BooleanField(label=_("Enabled: its jobs come"), required=False)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=10_000,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("What the next person should know."),
    )  # fmt: skip

    def __init__(
        self,
        user: permissions.Person,
        data: QueryDict | None = None,
        *,
        entry: PeriodicTask | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.user, self.entry = user, entry
        self.told = edit.told(entry.policy) if entry else {}
        given = {**self._begins(), **(initial or {})}
        self.tasks = dict(self._tasks())
        chosen = (data or given).get("task") or ""
        # Of others nobody is told what they take.
        chosen = chosen if chosen in self.tasks else ""
        self.asked = Asked(chosen, entry)
        given |= {PREFIX + name: value for name, value in self.asked.initial.items()}
        super().__init__(data, initial=given | {FIELDS_OF: chosen})
        self._ask()
        self.is_new = self.is_outdated = False
        self.is_of_another_task = data is not None and data.get(FIELDS_OF, "") != chosen
        if data is not None and self.is_of_another_task:
            self.data = self._with_defaults(data, chosen)

    # --- What is asked ------------------------------------------------------------------------

    def _begins(self) -> dict[str, Any]:
        if self.entry is None:
            name = self.user.get_username()
            return {**policy.FRESH, "run_as": name, **when.initial({})}
        seen = edit.fingerprint(self.entry.policy)
        return {**self.told, **when.initial(self.told), "seen": seen}

    def _ask(self) -> None:
        self.fields["task"].choices = [("", _("choose…")), *self.tasks.items()]  # type: ignore[attr-defined]
        self.fields |= when.fields()
        self.fields |= {PREFIX + name: each for name, each in self.asked.fields.items()}
        self.fields |= policy.bounds() | policy.dealing() | policy.running()
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), required=False, max_length=MOST_REASON,
            help_text=_("Kept with the change."),
        )  # fmt: skip
        for name in (FIELDS_OF, "seen"):
            self.fields[name] = forms.CharField(required=False, widget=forms.HiddenInput)

    def _tasks(self) -> Iterator[tuple[str, Any]]:
        """Those that one may put into a schedule; and the one that it has, which nobody
        types now."""
        own = self.entry.task if self.entry else ""
        for name in sorted(permissions.eligible(self.user) | {own} - {""}):
            is_known = name != own or parameters(name) is not None
            yield name, name if is_known else say("%(name)s (not registered)") % {"name": name}

    def sections(self) -> Iterator[Section]:
        """The fields in the order in which they are asked."""
        for key, title, names in _SECTIONS:
            named = [PREFIX + name for name in self.asked.fields] if key == "given" else names
            rows = [(name,) if isinstance(name, str) else name for name in named]
            yield Section(key, title, rows, self)

    def _with_defaults(self, data: QueryDict, chosen: str) -> QueryDict:
        """What was sent, but for parameters: they were of another task."""
        data = data.copy()
        for name in [each for each in data if each.startswith(PREFIX)]:
            del data[name]
        for name in self.asked.fields:
            field = self.fields[PREFIX + name]
            value = field.prepare_value(self.get_initial_for_field(field, PREFIX + name))
            if isinstance(value, list):
                data.setlist(PREFIX + name, [str(each) for each in value])
            elif value not in (None, False):
                data[PREFIX + name] = "on" if value is True else str(value)
        data[FIELDS_OF] = chosen
        return data

    # --- What came back -----------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        if self.is_of_another_task:
            told = say(
                "The task is another one now: look at what it is to be given, then save."
            )
            self.add_error("task", told)
        if self.entry and self.cleaned_data.get("seen") != self.initial["seen"]:
            self._tell_outdated()
        for name in self._left_empty():
            if name not in self.errors:
                self.add_error(name, forms.Field.default_error_messages["required"])
        if not self.errors:
            try:
                edit.drawn(self.values(), by=self.user, entry=self.entry)
            except Invalid as invalid:
                self.take(invalid)
        return self.cleaned_data

    @property
    def changed_data(self) -> list[str]:
        """The fields into which somebody wrote something."""
        return [name for name in self.fields if is_touched(self[name])]

    def values(self) -> dict[str, Any]:
        """What `edit.create` and `edit.edit` are given; of a schedule that is there only
        what somebody touched."""
        touched = {*(self.changed_data if self.entry else self.fields)}
        plain = (*_ABOUT, *policy.bounds(), *policy.dealing(), *policy.running())
        found = {name: self._plain(name) for name in plain if name in touched}
        if touched & {"timing", *_TIMING}:
            found |= when.values(self.cleaned_data)
        given = self.asked.changed(self)
        if given is not None:
            found |= {"args": [], "params": given}
        elif self.entry is None or "task" in touched:
            found |= {"args": [], "params": {}}
        return found

    def _plain(self, name: str) -> Any:
        value = self.cleaned_data[name]
        return None if value == "" and name == "run_as" else value

    def _is_written(self, name: str) -> bool:
        is_required = name in self.fields and not self[name].data
        return not is_required and not (name == "task" and self.is_of_another_task)

    def _left_empty(self) -> list[str]:
        """What says when, of the chosen kind, and was not filled in."""
        names = when.KINDS.get(self.cleaned_data.get("timing", ""), ())
        return [name for name in names if self.cleaned_data.get(name) in (None, "")]

    def take(self, invalid: Invalid) -> None:
        """Put the errors of the verb on the fields where they can be mended."""
        for name, problems in invalid.fields.items():
            self.add_error(self._field_of(name), [self._said(name, each) for each in problems])

    def _field_of(self, name: str) -> str | None:
        other = {"every_seconds": "every", "solar": "event"}.get(name, name)
        if other.startswith("params."):
            other = PREFIX + other.removeprefix("params.")
        return other if other in self.fields else None

    def _said(self, name: str, problem: str) -> str:
        bare = name.removeprefix("params").removeprefix(".")
        return f"{bare}: {problem}" if bare and not self._field_of(name) else problem

    # --- What is done with it -----------------------------------------------------------------

    def look(self) -> None:
        """Nothing is to be saved, and of what nobody wrote yet nothing is wrong."""
        self.full_clean()
        wrong = {name: each for name, each in self.errors.items() if self._is_written(name)}
        self._errors = type(self.errors)(wrong)

    def sketch(self) -> Schedule | None:
        """When it would come as the form stands; None as long as nobody can say."""
        if not self.is_bound:
            return self.entry.policy if self.entry else None
        if not self.asked.task or not self.cleaned_data.get("timing") or self._left_empty():
            return None
        said = {name: self.cleaned_data[name] for name in _TIMES if name in self.cleaned_data}
        said |= when.values(self.cleaned_data)
        try:
            return edit.sketched(said, self.asked.task, by=self.user, entry=self.entry)
        except Invalid as invalid:
            known = {
                name for name in invalid.fields if (self._field_of(name) or ALL) in self.errors
            }
            self.take(
                Invalid({n: told for n, told in invalid.fields.items() if n not in known})
            )
            return None

    def save(self) -> bool:
        """Create or edit; False with errors on the form where the verb would not."""
        order = Order(self.user, self.cleaned_data["reason"].strip())
        try:
            if self.entry is None:
                self.entry, self.is_new = edit.create(self.values(), order).entry, True
            else:
                seen = self.cleaned_data["seen"]
                self.is_new = edit.edit(self.entry.pk, self.values(), order, seen=seen)
        except Invalid as invalid:
            self.take(invalid)
        except edit.Outdated:
            self._tell_outdated()
        return not self.errors

    def _tell_outdated(self) -> None:
        """Somebody else was first. Who saves once more has seen what stands there now."""
        self.is_outdated = True
        sent: Any = self.data
        self.data = sent = sent.copy()
        sent["seen"] = self.initial["seen"]
        told = say("Somebody changed this schedule while you looked at it. Nothing was saved. "
                   "Where yours differs, what stands there now is told below; save again to "
                   "replace it.")  # fmt: skip
        self.add_error(None, ValidationError(told, code="outdated"))

    def stands(self) -> Iterator[tuple[Any, str]]:
        """What stands there now, where something else came back: for one that is outdated."""
        for field in self.visible_fields():
            if field.name != "reason" and is_touched(field):
                yield field.label, _in_words(field)


def _in_words(field: BoundField) -> str:
    value = field.field.prepare_value(field.initial)
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    choices = dict(getattr(field.field, "choices", ()))
    return str(choices.get(value, value)) if value not in (None, "") else "–"
