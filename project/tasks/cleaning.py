"""Housekeeping of this site."""

import time
from pathlib import Path
from typing import Annotated

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pydantic import Field

from jobs import current_job, task

DAY_SECONDS = 86_400


@task(title="Clean temporary files", tags=["housekeeping"])
def clean_temporary_files(older_than_days: Annotated[int, Field(ge=1, le=3_650)] = 7) -> int:
    """Delete uploads that never became part of a job, and return how many.

    Only files in the site's own upload folder (FILE_UPLOAD_TEMP_DIR) are looked at; links
    are not followed.

    Args:
        older_than_days: Younger files stay: somebody may be uploading them just now.
    """
    if not settings.FILE_UPLOAD_TEMP_DIR:
        raise ImproperlyConfigured(
            "FILE_UPLOAD_TEMP_DIR is not set: there is nothing to clean."
        )
    oldest = time.time() - older_than_days * DAY_SECONDS
    deleted = 0
    for path in current_job().track(sorted(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())):
        if _is_left_over(path, oldest):
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def _is_left_over(path: Path, oldest: float) -> bool:
    """Whether it is a plain file (no link, no folder) that was last written before `oldest`."""
    try:
        return path.is_file() and not path.is_symlink() and path.stat().st_mtime < oldest
    except FileNotFoundError:  # its upload ended meanwhile
        return False
