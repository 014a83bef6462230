"""Values and links as the pages of the admin show them."""

from typing import Any

from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from jobs import registry, sanitize
from jobs.params import MASK, Parameters
from jobs.scheduling.given import written

NOTHING = "-"
_MOST_CHARS = 20_000


def text(value: str) -> SafeString:
    """Text in its own lines, harmless, cut when it is too long."""
    if not value:
        return SafeString(NOTHING)
    shown = sanitize.without_colours(sanitize.text(value, _MOST_CHARS))
    return format_html('<pre class="batuta-text">{}</pre>', shown)


def json(value: Any) -> SafeString:
    """Indented JSON."""
    return SafeString(NOTHING) if value in (None, {}, []) else text(written(value))


def link(label: object, view: str, *args: object) -> str:
    """A link into our pages; the label alone on a site that does not include them."""
    try:
        return format_html('<a href="{}">{}</a>', reverse(view, args=args), label)
    except NoReverseMatch:
        return str(label)


def bad(words: object) -> SafeString:
    """Words that call for a look."""
    return format_html('<b class="t-bad">{}</b>', words)


def part(template: str, **context: Any) -> SafeString:
    """A small piece of a page, as a template draws it."""
    return mark_safe(render_to_string(template, context).strip())


def parameters(task: str) -> Parameters | None:
    """What a task takes; None when it is not known to this process."""
    try:
        return registry.get(task).parameters
    except registry.UnknownTask:
        return None


__all__ = ["MASK", "NOTHING", "bad", "json", "link", "parameters", "part", "text"]
