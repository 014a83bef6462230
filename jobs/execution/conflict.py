"""What becomes of jobs that find their limit reached, where their task does not let them wait:
they are skipped, or the older ones make room."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from jobs.conf import as_the_site_speaks
from jobs.models import Job, JobQuerySet
from jobs.signals import conflict_found
from jobs.states import Requested, State

from . import control
from .finish import finish
from .order import Order
from .outcome import Ending

BATCH = 200


@receiver(conflict_found)
def resolve(how: str, task: str, line: str, key: str | None, most: int, **kwargs: Any) -> None:
    with as_the_site_speaks():
        if how == "skip":
            skip(line, key, most)
        else:
            replace(task, line, key, most)


def skip(line: str, key: str | None, most: int) -> None:
    """Those that wait and have not begun before."""
    waiting = Job.objects.in_line(line).filter(attempt=0)
    reason = _("Of its task %(n)d are running, and no more may.") % {"n": most}
    if key is not None:
        reason = _("With its key %(key)s %(n)d are running, and no more may.") % {
            "key": key,
            "n": most,
        }
    finish(_these(waiting), Ending(State.SKIPPED, reason))


def replace(task: str, line: str, key: str | None, most: int) -> None:
    """The newest `most` stay, whether they run or wait; the older ones are cancelled."""
    held = Job.objects.admitted(task)
    if key is not None:
        held = held.filter(concurrency_key=key)
    order = Order(reason=_("A newer one takes its place."))
    newest_first = ("-created_at", "-pk")
    waiting = list(Job.objects.in_line(line).order_by(*newest_first)[: most + BATCH])
    if not waiting:
        return
    older = held.exclude(created_at__gt=waiting[0].created_at).order_by(*newest_first)
    spared = max(most - len(waiting), 0)
    unwanted = [*waiting[most:], *older[spared : spared + BATCH]]
    chosen = Job.objects.filter(pk__in=[job.pk for job in unwanted])
    control.cancel(chosen.exclude(requested=Requested.CANCEL), order)


def _these(chosen: JobQuerySet) -> JobQuerySet:
    ids = list(chosen.values_list("pk", flat=True)[:BATCH])
    return Job.objects.filter(pk__in=ids, lined_at__isnull=False)
