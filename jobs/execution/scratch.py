"""Scratch folders of attempts. Each bears the lease of its attempt, so that whoever outlives
a process that was killed knows which folders it left behind."""

import shutil
import tempfile
from pathlib import Path

from jobs.models import Job

from .mark import LENGTH, is_surely_dead

PREFIX = "batuta-"


def make_scratch(lease: str) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{lease}-", ignore_cleanup_errors=True)


def remove_scratch(lease: str) -> None:
    """Of an attempt whose process is dead."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}{lease}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def sweep_scratch() -> int:
    """Remove what workers of this machine left that are dead beyond doubt; how many folders
    there were. A pool process may have outlived its worker: while its lease holds, it stays."""
    left = {
        lease
        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*")
        if is_surely_dead(lease := folder.name.removeprefix(PREFIX)[:LENGTH])
    }
    held = Job.objects.active().filter(lease_expires_at__isnull=False, lease__in=left)
    gone = left - {*held.values_list("lease", flat=True)}
    for lease in gone:
        remove_scratch(lease)
    return len(gone)
