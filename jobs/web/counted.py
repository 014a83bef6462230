"""The counted errors of a job as CSV; a cell never becomes a formula."""

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from jobs.models import Job

# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(job: Job) -> Iterator[bytes]:
    """UTF-8 with a mark at the beginning, without which Excel reads other letters."""
    yield "\ufeff".encode() + _line([_("time"), _("attempt"), _("item"), _("message")])
    rows = job.errors.values_list("at", "attempt", "item", "message")
    for at, attempt, item, message in rows:
        yield _line([at.isoformat(), str(attempt), item, message])


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8", "replace")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
