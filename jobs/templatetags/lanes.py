"""The pictures of a time line; what they show stands beside them in words."""

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from jobs.reading.timeline import Bar, Lane, Timeline

register = template.Library()
_NARROWEST = 0.4
"""Percent of the lane, so that a fire of a second is still seen."""
_MOST_TOLD = 6


@register.simple_tag
def axis(timeline: Timeline) -> SafeString:
    ticks = [(timeline.part(tick), f"{tick:%H:%M}") for tick in timeline.ticks]
    texts = format_html_join("", '<text x="{}%" y="12">{}</text>', ticks)
    return format_html('<svg class="lane" height="18" aria-hidden="true">{}</svg>', texts)


@register.simple_tag
def lane(timeline: Timeline, lane: Lane) -> SafeString:
    """One lane; its bars are as long as it usually takes."""
    lines = format_html_join(
        "", '<rect class="f-line" x="{}%" y="0" width="1" height="28"/>',
        ((timeline.part(tick),) for tick in timeline.ticks),
    )  # fmt: skip
    bars = format_html_join("", "{}", ((_bar(timeline, lane, bar),) for bar in lane.bars))
    return format_html(
        '<svg class="lane" height="28" role="img" aria-label="{}">{}{}</svg>',
        told(lane), lines, bars,
    )  # fmt: skip


def told(lane: Lane) -> str:
    """When its bars begin, in words."""
    if lane.is_dense:
        return ", ".join(f"{_clock(bar.begin)}–{_clock(bar.end)}" for bar in lane.bars)
    some = ", ".join(_clock(bar.begin) for bar in lane.bars[:_MOST_TOLD])
    more = len(lane.bars) - _MOST_TOLD
    return some if more <= 0 else _("%(some)s and %(n)d more") % {"some": some, "n": more}


register.filter("told", told)


def _bar(timeline: Timeline, lane: Lane, bar: Bar) -> SafeString:
    begin, end = timeline.part(bar.begin), timeline.part(bar.end)
    width = max(end - begin, _NARROWEST)
    name = "f-band" if lane.is_dense else "f-clash" if bar.clashes else "f-fire"
    drawn = format_html(
        '<rect class="{}" x="{}%" y="9" width="{}%" height="13" rx="2"/>',
        name, min(begin, 100 - width), round(width, 3),
    )  # fmt: skip
    if not bar.clashes:
        return drawn
    dot = '<circle class="f-clash" cx="{}%" cy="4.5" r="2.5"/>'
    return drawn + format_html(dot, round(begin + width / 2, 3))


def _clock(moment: object) -> str:
    return f"{timezone.localtime(moment):%H:%M}"  # type: ignore[arg-type]
