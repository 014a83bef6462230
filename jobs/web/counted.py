"""The counted errors of a job as CSV."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from jobs.models import Job
from jobs.reading import cells


def table(job: Job) -> Iterator[bytes]:
    yield cells.BEGIN + cells.line([_("time"), _("attempt"), _("item"), _("message")])
    rows = job.errors.values_list("at", "attempt", "item", "message")
    for at, attempt, item, message in rows:
        yield cells.line([at.isoformat(), str(attempt), item, message])
