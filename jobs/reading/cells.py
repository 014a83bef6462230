"""Lines of CSV; a cell never becomes a formula."""

import csv
import io
from collections.abc import Sequence

BEGIN = "\ufeff".encode()
"""A mark at the beginning, without which Excel reads other letters than UTF-8."""

# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8", "replace")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
