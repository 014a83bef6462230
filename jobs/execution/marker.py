"""The proof that worker and web see the same files: a few letters of the worker's."""

import logging
import secrets
from threading import Thread

from django.core.files.base import ContentFile
from django.db import connection

from jobs.models import Worker, file_storage

logger = logging.getLogger(__name__)


def leave_soon(name: str) -> None:
    """`leave`, beside the thread that renews leases: a storage may be slow, or hang."""
    Thread(target=_leave_and_close, args=[name], name="batuta-marker", daemon=True).start()


def leave(name: str) -> None:
    """Write something random where the files of jobs lie, and the same into the row of the
    worker; web processes compare the two. Where it cannot be written they find none."""
    marker = secrets.token_hex(16)
    place = Worker(name=name).marker_place
    try:
        file_storage().delete(place)
        file_storage().save(place, ContentFile(marker.encode()))
    # Each storage fails with errors of its own.
    except Exception:
        logger.exception("The files of jobs cannot be written by this worker.")
    Worker.objects.filter(name=name).update(marker=marker)


def _leave_and_close(name: str) -> None:
    try:
        leave(name)
    finally:
        connection.close()
