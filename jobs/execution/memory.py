"""The memory limit of pool processes (`worker_max_memory_per_child`): Celery replaces a
process that grew over it, after the job that it runs. People hear of it here."""

import logging
from typing import Any

from billiard.compat import mem_rss
from django.utils.translation import gettext as _

from jobs.models import Event, Job

from .books import BROKEN, the_books

logger = logging.getLogger(__name__)

REPLACED = "replaced"
_limit_kib = 0


def limit(worker: Any) -> None:
    """What the worker's settings and its command line say; before its pool forks."""
    global _limit_kib
    _limit_kib = int(getattr(worker, "max_memory_per_child", None) or 0)


def tell_of_growth(job: Job) -> None:
    """In the pool process, which Celery is about to end for it; the job itself is over."""
    if not _limit_kib or (peak := mem_rss()) <= _limit_kib:
        return
    reason = _(
        "The worker's process held up to %(peak)d MB, over its limit of %(limit)d MB. It was"
        " replaced after this attempt, which that did not touch."
    )
    try:
        with the_books():
            Event.objects.create(
                job_id=job.pk,
                task_id=job.task_id,
                subject=job.worker[:255],
                verb=REPLACED,
                reason=reason % {"peak": peak // 1024, "limit": _limit_kib // 1024},
            )
    except BROKEN as error:
        logger.warning("That a process was replaced cannot be told: %s", error)
