"""The forms that say where, how soon and when jobs run that have not started."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from jobs.execution import queues
from jobs.execution.edit import HIGHEST, LOWEST
from jobs.models import Job
from jobs.params.form.fields import DateTime

_NAMES = ("queue", "priority", "not_before", "expires_at")


class Moment(DateTime):
    """A moment or nothing, and `empty` says what nothing means; text that is no moment is
    refused here."""

    def __init__(self, *, empty: Any = "", **how: Any) -> None:
        widget = forms.TextInput(attrs={"type": "datetime-local", "step": "any"})
        super().__init__(widget=widget, required=False, when_empty=None, **how)
        self.empty = empty

    def advise(self) -> None:
        """In the language and the time zone of who reads it."""
        self.help_text = f"{self.empty} {self.advised()}".strip()

    def read(self, typed: str) -> datetime:
        moment = super().read(typed)
        if not isinstance(moment, datetime):
            raise ValidationError(_("This is no moment in time."), code="moment")
        return moment


class _Form(forms.Form):
    def __init__(self, data: Any, initial: dict[str, Any], own: tuple[str, str]) -> None:
        super().__init__(data, initial=initial, prefix="job")
        queue: Any = self.fields["queue"]
        queue.choices = sorted({own, *((name, name) for name in queues.known())})
        for field in self.fields.values():
            if isinstance(field, Moment):
                field.advise()


class Placing(_Form):
    """Of one job: filled with what holds now, and what is emptied is lifted."""

    queue = forms.ChoiceField(label=lazy("Queue"))
    priority = forms.IntegerField(
        label=lazy("Priority"),
        min_value=LOWEST,
        max_value=HIGHEST,
        help_text=lazy("9 is first."),
    )
    not_before = Moment(label=lazy("Not before"), empty=lazy("Empty: as soon as possible."))
    expires_at = Moment(label=lazy("Expires"), empty=lazy("Empty: never."))

    def __init__(self, job: Job, data: Any = None) -> None:
        self.job = job
        initial = {name: getattr(job, name) for name in _NAMES}
        super().__init__(data, initial, (job.queue, job.queue))

    def clean_not_before(self) -> datetime | None:
        return self._unless_untouched("not_before")

    def clean_expires_at(self) -> datetime | None:
        moment = self._unless_untouched("expires_at")
        if moment and moment <= timezone.now():
            raise ValidationError(_("This moment has passed."), code="past")
        return moment

    def changes(self) -> dict[str, Any]:
        """What `control.edit` takes."""
        return self.cleaned_data

    def _unless_untouched(self, name: str) -> datetime | None:
        """A browser shows fewer digits of a second than the row has."""
        old: datetime | None = getattr(self.job, name)
        is_same = old is not None and self[name].data == self.fields[name].prepare_value(old)
        moment: datetime | None = self.cleaned_data[name]
        return old if is_same else moment


class ManyPlacings(_Form):
    """Of many jobs: what is left empty stays as it is in each of them."""

    queue = forms.ChoiceField(label=lazy("Queue"), required=False)
    priority = forms.IntegerField(
        label=lazy("Priority"),
        min_value=LOWEST,
        max_value=HIGHEST,
        required=False,
        help_text=lazy("9 is first. Empty: as it is."),
    )
    not_before = Moment(label=lazy("Not before"), empty=lazy("Empty: as it is."))
    soon = forms.BooleanField(label=lazy("As soon as possible"), required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, {}, ("", _("as it is")))

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("soon") and given.get("not_before"):
            self.add_error("soon", _("Give a time, or tick this."))
        if not self.errors and not self.changes():
            self.add_error(None, _("Say what is to be changed."))
        return given

    def changes(self) -> dict[str, Any]:
        """What `control.edit` takes."""
        given = self.cleaned_data
        changes: dict[str, Any] = {name: given[name] for name in ("queue", "priority")}
        changes = {name: value for name, value in changes.items() if value not in (None, "")}
        if given["soon"] or given["not_before"]:
            changes["not_before"] = given["not_before"]
        return changes
