"""Bytes that no row names: their transaction was undone, or the process was killed between
the two. Nothing can be told of that in time, so each day they are looked for."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from django.utils import timezone

from jobs.models import Artifact, file_storage

logger = logging.getLogger(__name__)

# The transaction that will bring the row of younger ones may still be open.
OLD_ENOUGH = timedelta(days=1)
_TOGETHER = 500
_FOLDER = re.compile(r"[0-9a-f]{2}")
# As `stored_name` names them; a storage may add something to a name that it has already.
_OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_\w+)?")


def delete_orphans() -> int:
    """Delete the bytes of files that no job has, and are older than a day; how many."""
    deleted = 0
    for names in _together(_names()):
        known = set(Artifact.objects.filter(file__in=names).values_list("file", flat=True))
        deleted += sum(_delete_if_old(name) for name in names if name not in known)
    return deleted


def _names() -> Iterator[str]:
    """Of all files of jobs; nothing else that lies in the same storage."""
    storage = file_storage()
    try:
        folders, _files = storage.listdir("jobs")
    except FileNotFoundError:  # no job has had a file yet
        return
    except NotImplementedError:
        logger.warning("The storage of jobs' files lists nothing: what is left there stays.")
        return
    for folder in filter(_FOLDER.fullmatch, folders):
        _folders, files = storage.listdir(f"jobs/{folder}")
        yield from (f"jobs/{folder}/{file}" for file in files if _OURS.fullmatch(file))


def _together(names: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(names, _TOGETHER)):
        yield some


def _delete_if_old(name: str) -> bool:
    storage = file_storage()
    try:
        is_old = storage.get_modified_time(name) < timezone.now() - OLD_ENOUGH
    except FileNotFoundError:  # deleted meanwhile
        return False
    if is_old:
        storage.delete(name)
    return is_old
