"""The last runs of a task as a strip of bars. A page of tasks has thousands of them: too many
for a template, or for escaping what is our own numbers and classes."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from jobs.reading.runs import Bar, Runs
from jobs.reading.spans import duration

register = template.Library()


@register.simple_tag
def strip(runs: Runs, *, tall: bool = False) -> SafeString:
    """The drawing, and its words for who does not see it."""
    return format_html(
        '<svg class="strip{}" role="img" aria-label="{}">{}</svg>',
        " tall" if tall else "",
        _in_words(runs),
        mark_safe("".join(map(_bar, runs.bars))),
    )


def _in_words(runs: Runs) -> str:
    counts = {"n": len(runs.runs), "failed": runs.failed, "errors": runs.with_errors}
    words = _("Last %(n)s runs: %(failed)s failed, %(errors)s with errors") % counts
    if runs.skipped:
        words += _(", %(n)s skipped") % {"n": runs.skipped}
    if runs.usual:
        spans = {"usual": duration(runs.usual), "longest": duration(runs.longest)}
        words += _("; usually %(usual)s, at most %(longest)s") % spans
    return words


def _bar(bar: Bar) -> str:
    shown = (
        f'<rect class="{bar.fill}" x="{bar.x}%" y="{bar.y}%" width="2.4%"'
        f' height="{bar.height}%" rx="1"></rect>'
    )
    if bar.has_dot:
        shown += f'<circle class="f-bad" cx="{bar.middle}%" cy="{bar.dot}%" r="2.2"></circle>'
    return shown
