"""Marks of the moments that are ahead of a schedule."""

from django import template

from jobs.scheduling.marks import Kind, Mark

register = template.Library()

_SIGNS = {
    Kind.GAP: "i-gap",
    Kind.TWICE: "i-redo",
    Kind.CLOCK: "i-clock",
    Kind.BLACKOUT: "s-skipped",
    Kind.START: "i-play",
    Kind.LAST: "i-check",
    Kind.CLASH: "i-overlap",
}
_LOUD = (Kind.GAP, Kind.TWICE, Kind.CLASH)


@register.filter
def sign(mark: Mark) -> str:
    """The symbol that stands beside its words."""
    return _SIGNS[mark.kind]


@register.filter
def tone(mark: Mark) -> str:
    """What people should look at twice is in the colour of warnings."""
    return "s-errors" if mark.kind in _LOUD else ""
