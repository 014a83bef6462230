"""When it comes: one choice of four, instead of rows that others may share."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import SOLAR_SCHEDULES

from jobs.params.form.fields import DateTime

KINDS = {"cron": ("cron", "timezone"), "every": ("every", "unit"), "at": ("at",),
         "solar": ("event", "latitude", "longitude")}  # fmt: skip
"""The fields of each; those of the others are not looked at."""

UNITS = {"86400": _("days"), "3600": _("hours"), "60": _("minutes"), "1": _("seconds")}


class Suggested(forms.TextInput):
    """A text for which the browser suggests what there is."""

    def __init__(self, suggested: Callable[[], SafeString], **attrs: Any) -> None:
        super().__init__({"autocomplete": "off", **attrs})
        self.suggested = suggested

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        key = f"{name}-list"
        shown = super().render(name, value, {**(attrs or {}), "list": key}, renderer)
        return shown + format_html('<datalist id="{}">{}</datalist>', key, self.suggested())


def options(values: Iterable[str]) -> SafeString:
    return format_html_join("", '<option value="{}">', ((value,) for value in sorted(values)))


@lru_cache(maxsize=1)
def _zones() -> SafeString:
    return options(available_timezones())


def fields() -> dict[str, Any]:
    """What asks for the time; none is required, since one kind needs only its own."""
    any_number = {"step": "any", "inputmode": "decimal"}
    return {
        "timing": forms.ChoiceField(
            label=_("It comes"),
            choices=[("cron", _("by the calendar")), ("every", _("every so often")),
                     ("at", _("once")), ("solar", _("by the sun"))],
            widget=forms.RadioSelect,
        ),
        "cron": forms.CharField(
            label=_("Cron line"), required=False, max_length=500,
            widget=forms.TextInput({"spellcheck": "false", "placeholder": "30 2 * * mon-fri"}),
            help_text=_("Minute, hour, day of the month, month, day of the week (0 is Sunday). "
                        "Both days must be right."),
        ),
        "timezone": forms.CharField(
            label=_("Time zone"), required=False, max_length=64, widget=Suggested(_zones),
            help_text=_("Of the place whose clock it follows, summer time and all."),
        ),
        "every": forms.FloatField(
            label=_("Every"), required=False, widget=forms.NumberInput(any_number)
        ),
        "unit": forms.ChoiceField(
            label=_("Unit"), required=False, choices=[*UNITS.items()],
        ),
        "at": DateTime(
            label=_("At"), required=False, when_empty=None,
            widget=forms.TextInput({"type": "datetime-local", "step": "1"}),
        ),
        **_sun(any_number),
    }  # fmt: skip


def _sun(any_number: dict[str, str]) -> dict[str, Any]:
    return {
        "event": forms.ChoiceField(
            label=_("When the sun"), required=False,
            choices=SOLAR_SCHEDULES,
        ),
        "latitude": forms.FloatField(
            label=_("Latitude"), required=False, widget=forms.NumberInput(any_number),
            help_text=_("Degrees, north of the equator; negative is south."),
        ),
        "longitude": forms.FloatField(
            label=_("Longitude"), required=False, widget=forms.NumberInput(any_number),
            help_text=_("Degrees, east of Greenwich; negative is west."),
        ),
    }  # fmt: skip


def initial(told: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields hold for a schedule that is told of."""
    start = {
        "timing": "cron",
        "timezone": told.get("timezone") or settings.TIME_ZONE,
        "unit": "60",
    }
    if told.get("cron"):
        return start | {"cron": told["cron"]}
    if told.get("every_seconds"):
        return start | {"timing": "every"} | _in_units(told["every_seconds"])
    if told.get("at"):
        return start | {"timing": "at", "at": told["at"]}
    if told.get("solar"):
        return start | {"timing": "solar", **told["solar"]}
    return start


def values(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """As `edit.drawn` takes it: the chosen kind, and of the others nothing."""
    chosen = cleaned.get("timing")
    found: dict[str, Any] = dict.fromkeys(("cron", "every_seconds", "at", "solar"))
    if chosen == "cron":
        found |= {"cron": cleaned.get("cron") or "", "timezone": cleaned.get("timezone") or ""}
    elif chosen == "every" and cleaned.get("every") is not None:
        found["every_seconds"] = _plain(cleaned["every"] * int(cleaned.get("unit") or 1))
    elif chosen == "at":
        found["at"] = cleaned.get("at")
    elif chosen == "solar":
        found["solar"] = {name: cleaned.get(name) for name in KINDS["solar"]}
    return found


def _in_units(seconds: float) -> dict[str, Any]:
    unit = next(each for each in UNITS if seconds % int(each) == 0 or each == "1")
    return {"every": _plain(seconds / int(unit)), "unit": unit}


def _plain(number: float) -> float:
    return int(number) if number == int(number) else number
