"""Colours of a terminal (SGR) as classes of our stylesheet: 16 colours, bold and dim."""

import re
from collections.abc import Iterator

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
# Black, white and grey follow the theme's ink; "" leaves them as they are.
_COLOURS = ("", "a1", "a2", "a3", "a4", "a5", "a6", "")


@register.filter
def ansi(text: str) -> SafeString:
    """One line as HTML: everything escaped first, then spans with classes."""
    return mark_safe("".join(_spans(text)))


def _spans(text: str) -> Iterator[str]:
    colour = weight = ""
    for index, piece in enumerate(_SGR.split(text)):
        if index % 2:
            colour, weight = _applied(piece, colour, weight)
        elif piece:
            classes = f"{colour} {weight}".strip()
            words = escape(piece.replace("\x1b", ""))
            yield f'<span class="{classes}">{words}</span>' if classes else words


def _applied(codes: str, colour: str, weight: str) -> tuple[str, str]:
    """The classes after one sequence. Backgrounds and 256 colours beyond 16 are left out."""
    numbers = iter([int(code or 0) for code in codes.split(";")])
    for number in numbers:
        if number == 0:
            colour = weight = ""
        elif number in (1, 2):
            weight = "ab" if number == 1 else "ad"
        elif number == 22:
            weight = ""
        elif number == 39 or 30 <= number <= 37 or 90 <= number <= 97:
            colour = "ad" if number == 90 else _COLOURS[0 if number == 39 else number % 10]
        elif number in (38, 48):
            colour = _extended(numbers, colour, is_ink=number == 38)
    return colour, weight


def _extended(numbers: Iterator[int], colour: str, *, is_ink: bool) -> str:
    """`38;5;n` and `38;2;r;g;b`: their numbers must not be read as codes of their own."""
    kind = next(numbers, 0)
    values = [next(numbers, 0) for _ in range({5: 1, 2: 3}.get(kind, 0))]
    if is_ink and kind == 5 and values[0] < 16:
        return _COLOURS[values[0] % 8]
    return "" if is_ink else colour
