"""How its moments are dealt with, and how its jobs run: the fields and what they mean."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from jobs.execution import queues
from jobs.execution.edit import HIGHEST, LOWEST
from jobs.models import CatchUp, Overlap
from jobs.params import durations
from jobs.params.form.fields import DateTime

from . import lines
from .when import Suggested, options

ROWS = 3


class Span(forms.CharField):
    """Seconds, as people write them: `90`, `1:30:00`, `2h 30m`."""

    def prepare_value(self, value: Any) -> Any:
        is_kept = isinstance(value, int) and not isinstance(value, bool)
        return durations.written(timedelta(seconds=value)) if is_kept else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        span = durations.read(text)
        if span is None or span < timedelta(0):
            raise ValidationError(say("Write it like 90 (seconds), 1:30:00 or 2h 30m."))
        return int(span.total_seconds())


class Windows(forms.CharField):
    """When it is not to run, one on each line."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else lines.written(value or [])

    def clean(self, value: Any) -> Any:
        return lines.read(super().clean(value))


def _span(label: Any, told: Any = "", *, required: bool = True) -> Span:
    return Span(label=label, help_text=told, required=required, max_length=60)


def _number(label: Any, told: Any = "", **bounds: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=told, required=False, **bounds)


def _moment(label: Any, told: Any = "") -> DateTime:
    widget = forms.TextInput({"type": "datetime-local", "step": "1"})
    return DateTime(label=label, help_text=told, required=False, when_empty=None, widget=widget)


def dealing() -> dict[str, Any]:
    """What becomes of a moment."""
    return {
        "overlap": forms.ChoiceField(
            label=_("While its last job still runs"), choices=Overlap.choices,
            initial=Overlap.ALLOW_ALL,
        ),
        "grace_seconds": _span(_("Missed when later than"),
                               _("Of what comes later an event tells.")),
        "catch_up": forms.ChoiceField(
            label=_("Catch up what was missed"), choices=CatchUp.choices,
            initial=CatchUp.LATEST,
        ),
        "catch_up_window_seconds": _span(_("But nothing older than")),
        "jitter_seconds": _span(_("Later by up to"),
                                _("For one moment always the same, and before the next.")),
        "pause_after_failures": _number(
            _("Pause after so many failures in a row"), min_value=1, max_value=1000),
    }  # fmt: skip


def bounds() -> dict[str, Any]:
    """Between what, and not when."""
    return {
        "start_at": _moment(_("From")),
        "end_at": _moment(_("Until")),
        "remaining": _number(_("How many fires are left"), _("Empty: no end."), min_value=0),
        "blackout": Windows(
            label=_("Not then"), required=False, max_length=20_000,
            widget=forms.Textarea({"rows": ROWS, "spellcheck": "false"}),
            help_text=_("One on each line, on its own clock: 2026-12-25, or 2026-12-24 18:00 "
                        "to 2026-12-27 06:00, or 22:00 to 06:00 mon-fri."),
        ),
    }  # fmt: skip


def running() -> dict[str, Any]:
    """How its jobs run."""
    return {
        "run_as": forms.CharField(
            label=_("Runs as"), required=False, max_length=254,
            widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
            help_text=_("The name of an account; each time it must be allowed to run the task. "
                        "Empty: the system."),
        ),
        "queue": forms.CharField(
            label=_("Queue"), required=False, max_length=200,
            widget=Suggested(lambda: options(queues.known()), spellcheck="false"),
            help_text=_("Empty: that of its task."),
        ),
        "priority": _number(_("Priority"), _("0 to 9, the first. Empty: that of its task."),
                            min_value=LOWEST, max_value=HIGHEST),
        "expires_seconds": _span(_("Expires when not begun within"), required=False),
        "expires_with_next": forms.BooleanField(
            label=_("Expires when the next one comes"), required=False),
    }  # fmt: skip


FRESH: Mapping[str, Any] = {
    "enabled": True, "overlap": Overlap.ALLOW_ALL, "catch_up": CatchUp.LATEST,
    "catch_up_window_seconds": 86_400, "grace_seconds": 60, "jitter_seconds": 0,
    "blackout": [],
}  # fmt: skip
"""What a new schedule begins with: as the columns of its row."""
