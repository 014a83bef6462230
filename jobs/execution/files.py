"""Files of a job: the ones it was given, the ones it makes."""

import shutil
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from django.core.files import File as StoredFile
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from jobs import sanitize
from jobs.conf import configuration
from jobs.models import Artifact, content_type_of
from jobs.params import File

from .outcome import LeaseLost
from .thumbnails import thumbnail_of

if TYPE_CHECKING:
    from .attempt import RunningAttempt

THUMBNAIL_MAX_BYTES = 65_536


class QuotaReached(ValueError):
    """The job has attached as much as it may."""


def keep_file(
    attempt: "RunningAttempt",
    file: Path | str | bytes,
    name: str | None,
    content_type: str | None,
    thumbnail: bytes | None,
) -> Artifact:
    """Store an artifact on the caller's connection, guarded by the lease."""
    size = len(file) if isinstance(file, bytes) else Path(file).stat().st_size
    _refuse_too_large(size)
    if thumbnail is not None and len(thumbnail) > THUMBNAIL_MAX_BYTES:
        raise ValueError(_("A thumbnail may have at most 64 KB."))
    shown = name or ("artifact" if isinstance(file, bytes) else Path(file).name)
    shown = sanitize.text(PurePath(shown.replace("\\", "/")).name, 200) or "artifact"
    artifact = Artifact(
        job_id=attempt.job.id,
        attempt=attempt.job.attempt,
        name=shown,
        content_type=content_type_of(content_type, shown),
        thumbnail=thumbnail or thumbnail_of(file, shown),
        size=size,
    )
    with transaction.atomic():
        # Writing nothing, but under the row's lock and only while the lease holds.
        if not attempt.mine.update(attempt=F("attempt")):
            raise LeaseLost
        _refuse_over_quota(attempt, size)
        _store(artifact, file)
    return artifact


def _refuse_over_quota(attempt: "RunningAttempt", size: int) -> None:
    made = Artifact.objects.filter(job=attempt.job.id, kind=Artifact.Kind.OUTPUT)
    used = made.aggregate(bytes=Sum("size"))["bytes"] or 0
    limit = configuration().artifacts_max_bytes
    if used + size > limit:
        words = _(
            "Quota reached: a file of %(size)d bytes is more than is left of the %(limit)d"
            " that a job may attach."
        )
        told = words % {"size": size, "limit": limit}
        attempt.log.add("error", told)
        raise QuotaReached(told)


def _store(artifact: Artifact, file: Path | str | bytes) -> None:
    if isinstance(file, bytes):
        artifact.file.save(artifact.name, ContentFile(file), save=False)
    else:
        with Path(file).open("rb") as handle:
            artifact.file.save(artifact.name, StoredFile(handle), save=False)
    try:
        artifact.save(force_insert=True)
    except BaseException:
        artifact.file.delete(save=False)  # no row will ever name it
        raise


def open_file(attempt: "RunningAttempt", key: str) -> File:
    """The file that a parameter names, as a path that the function can read."""
    artifact = Artifact.objects.get(pk=key)
    return File(
        name=artifact.name,
        size=artifact.size,
        content_type=artifact.content_type,
        path=_local_path(attempt, artifact),
    )


def _local_path(attempt: "RunningAttempt", artifact: Artifact) -> Path:
    try:
        return Path(artifact.file.path)
    except NotImplementedError:  # a storage on another host: bring a copy here
        copy = attempt.directory / str(artifact.pk)
        with artifact.file.open("rb") as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target)
        return copy


def _refuse_too_large(size: int) -> None:
    limit = configuration().artifact_max_bytes
    if size > limit:
        raise ValueError(
            _("A file of %(size)d bytes is over the limit of %(limit)d.")
            % {"size": size, "limit": limit}
        )
