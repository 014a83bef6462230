"""A fire in a calendar: its shape, clock and name, and where it leads."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.reading.calendar import Fire
from jobs.reading.grid import Shown
from jobs.states import State

from .words import icon, label, quantity, shape

register = template.Library()


@register.filter
def fire(shown: Shown) -> SafeString:
    """Hundreds of them stand in a month: too many for a template each."""
    word, tone = _word(shown.fire), _tone(shown.fire)
    address = _address(shown)
    return format_html(
        '<{} class="ev {}" title="{}">{}<span>{}</span><small class="vh">{}</small></{}>',
        format_html('a href="{}"', address) if address else "div",
        tone,
        f"{shown.clock:%Y-%m-%d %H:%M:%S %Z} · {shown.name} · {word}",
        icon(_symbol(shown.fire)),
        _said(shown),
        word,
        "a" if address else "div",
    )


def _said(shown: Shown) -> SafeString:
    many = shown.fire.count
    if many == 1:
        return format_html(
            '<time datetime="{}">{}</time> {}',
            shown.fire.at.isoformat(), f"{shown.clock:%H:%M}", shown.name,
        )  # fmt: skip
    told = ngettext("%(n)s fire", "%(n)s fires", many) % {"n": quantity(many)}
    return format_html("<b>{}</b> {}", told, shown.name)


def _word(fire: Fire) -> str:
    if fire.state:
        return label(fire.state)
    if fire.is_overdue:
        return _("overdue: nobody has fired it yet")
    return _("to come, in a time when it is not to run") if fire.is_dark else _("to come")


def _symbol(fire: Fire) -> str:
    if fire.state:
        return shape(fire.state)
    return "i-alert" if fire.is_overdue else "i-clock"


def _tone(fire: Fire) -> str:
    tones = [_symbol(fire) if fire.state else "soon"]
    tones += ["pack"] if fire.count > 1 else []
    tones += ["late"] if fire.is_overdue else []
    return " ".join([*tones, "dark"] if fire.is_dark else tones)


def _address(shown: Shown) -> str:
    """The job, the jobs of that day, or the schedule."""
    fire = shown.fire
    if fire.job:
        return reverse("jobs:job", args=[fire.job])
    if fire.state:
        day = f"{shown.clock:%Y-%m-%d}"
        asked: dict[str, Any] = {"state": State(fire.state).value, "since": day, "until": day}
        asked |= {"schedule": fire.schedule} if fire.schedule else {}
        return f"{reverse('jobs:jobs')}?{urlencode(asked)}"
    return reverse("jobs:schedule", args=[fire.schedule]) if shown.is_open else ""
