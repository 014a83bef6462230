"""Words and small marks for people: states, spans of time, sizes, names of tasks."""

import re
from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from jobs.conf import configuration
from jobs.reading.spans import duration, rough
from jobs.states import Requested, State, WaitingFor

register = template.Library()
register.filter(duration)
register.filter(rough)

_NARROW_SPACE = "\u202f"
_SIZES = ("B", "KB", "MB", "GB", "TB")
_SHORT = {State.COMPLETED_WITH_ERRORS: pgettext_lazy("state in a list", "With errors")}


@register.simple_tag
@cache
def icon(name: str, tone: str = "") -> SafeString:
    """A symbol of the sprite; it says nothing to a screen reader, words stand beside it."""
    return format_html(
        '<svg class="ic {}" aria-hidden="true"><use href="#{}"></use></svg>', tone, name
    )


@register.simple_tag
def socket_meta() -> SafeString:
    """What tells the scripts of a page where this site opens our sockets."""
    path = configuration().socket_path
    return format_html('<meta name="jobs-socket" content="{}">', path)


@register.filter
def shape(state: str) -> str:
    """The name of a state's symbol, which is also its class."""
    return "s-errors" if state == State.COMPLETED_WITH_ERRORS else f"s-{state}"


@register.filter
def label(state: str) -> str:
    """The word for a state where room is short."""
    return str(_SHORT.get(State(state), State(state).label))


@register.filter
def asked(requested: str) -> str:
    """What was asked of a running job and is not done yet; "" when nothing was."""
    words = {Requested.PAUSE: _("pausing…"), Requested.CANCEL: _("cancelling…")}
    return words.get(Requested(requested), "")


@register.filter
def waits(waiting_for: str) -> str:
    """Why a pending job has no message, in the fewest words; "" for the others."""
    words = {
        WaitingFor.START: _("held"),
        WaitingFor.TIME: _("its time"),
        WaitingFor.SLOT: _("no free slot"),
        WaitingFor.RATE: _("rate limit"),
        WaitingFor.QUEUE: _("queue paused"),
        WaitingFor.TASK: _("task disabled"),
        WaitingFor.UPSTREAM: _("jobs before it"),
        WaitingFor.BROKER: _("no broker"),
    }
    return words[WaitingFor(waiting_for)] if waiting_for else ""


@register.filter
def quantity(number: float | None) -> str:
    """12 800: digits in threes, so that a column of them can be compared."""
    if number is None:
        return ""
    if isinstance(number, float) and not number.is_integer():
        return f"{number:,.1f}".replace(",", _NARROW_SPACE)
    return f"{int(number):,}".replace(",", _NARROW_SPACE)


@register.filter
def size(count: int) -> str:
    """Bytes in the largest unit that keeps the number at 1 or more."""
    amount, unit = float(count), _SIZES[0]
    for unit in _SIZES:
        if amount < 1000 or unit == _SIZES[-1]:
            break
        amount /= 1000
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}"


@register.simple_tag
def moment(at: datetime | None, form: str = "ago") -> SafeString | str:
    """A `<time>`: "6 min ago" (`ago`), "6 min" (`age`), "14:10:12" (`clock`) or, counted
    down each second, "in 0:41" (`until`), with the absolute moment in its title; scripts
    keep it fresh and put it in the reader's zone."""
    if at is None:
        return ""
    here = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}" data-form="{}">{}</time>',
        at.isoformat(),
        f"{here:%Y-%m-%d %H:%M:%S %Z}",
        form,
        _in_words(at, here, form),
    )


def _in_words(at: datetime, here: datetime, form: str) -> str:
    if form == "clock":
        today = timezone.localtime().date() == here.date()
        return f"{here:%H:%M:%S}" if today else f"{here:%Y-%m-%d %H:%M}"
    seconds = (timezone.now() - at).total_seconds()
    if form == "until":
        return _("due now") if seconds > 0 else _("in {time}").format(time=duration(-seconds))
    if form == "age":
        return rough(seconds)
    if abs(seconds) < 1:
        return _("just now")
    words = _("{time} ago") if seconds > 0 else _("in {time}")
    return words.format(time=rough(seconds))


@register.filter
def quiet(name: str) -> SafeString:
    """The name of a task: quiet up to its last dot, strong after it."""
    head, dot, tail = name.rpartition(".")
    return format_html("<span>{}</span>{}", head + dot, tail)


@register.filter
def breakable(name: str) -> SafeString:
    """The name of a task; where room is short it goes on in the next line after a dot."""
    return format_html_join(mark_safe(".<wbr>"), "{}", ((part,) for part in name.split(".")))


@register.filter
def person(user: Any) -> str:
    """How a person is called; nobody is the system."""
    if user is None:
        return _("system")
    full = user.get_full_name() if hasattr(user, "get_full_name") else ""
    return full or user.get_username()


@register.filter
def ending(name: str) -> str:
    """PDF, CSV, …: the ending of a file's name, to stand for its picture."""
    _stem, dot, tail = name.rpartition(".")
    return tail.upper() if dot and tail.isalnum() and len(tail) <= 5 else _("file")


@register.filter
def bounds(field: BoundField) -> str:
    """Between which numbers a value must lie, as far as its field says so."""
    attrs = field.field.widget.attrs
    low, high = attrs.get("min"), attrs.get("max")
    if low is not None and high is not None:
        return _("{low} to {high}").format(low=low, high=high)
    if low is not None:
        return _("{low} or more").format(low=low)
    return _("{high} or less").format(high=high) if high is not None else ""


@register.filter
def paragraphs(text: str) -> SafeString:
    """A docstring's text: blank lines part it, single line ends mean nothing."""
    parts = re.split(r"\n\s*\n", text.strip())
    return format_html_join("", "<p>{}</p>", ((" ".join(part.split()),) for part in parts))


@register.filter
def dressed(field: BoundField) -> SafeString:
    """A form's field in our clothes; Django adds what tells a screen reader its errors."""
    widget = field.field.widget
    kind = getattr(widget, "input_type", type(widget).__name__.lower())
    clothes = {
        "checkbox": "",
        "radio": "",
        "file": "vh",
        "number": "in short mono",
        "textarea": "in mono",
        "password": "in mono",
    }
    return field.as_widget(attrs={"class": clothes.get(kind, "in")})
