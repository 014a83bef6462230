"""Spans of time in words; the symbols of units are the same in all languages."""

from datetime import timedelta

_SPANS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


def duration(span: float | timedelta | None) -> str:
    """A span of time in at most two units."""
    if span is None:
        return ""
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if seconds < 0.9995:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    for large, name, small, rest_name in _SPANS:
        if round(seconds) >= large:
            whole, rest = divmod(round(seconds / small), large // small)
            return f"{whole} {name} {rest} {rest_name}" if rest else f"{whole} {name}"
    return f"{seconds:.0f} s"


def rough(span: float) -> str:
    """A span of time in one unit, for ages."""
    seconds = abs(span)
    for large, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= large:
            return f"{seconds // large:.0f} {name}"
    return f"{seconds:.0f} s"
