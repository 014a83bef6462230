"""Pictures from a form or a zip: blurred, turned, made smaller, given more contrast."""

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import Field

from jobs import File, current_job, sanitize, task
from jobs.models import Artifact
from project import archives
from project.archives import Member, Refused
from project.names import Names
from project.pictures import (
    ENDINGS,
    Format,
    NotAPicture,
    Opened,
    Operation,
    Wishes,
    changed,
    opened,
    save,
    target_format,
    thumbnail,
)

MAX_PICTURES = 1_000
MAX_NAME_CHARS = 120
ZIP_NAME = "pictures.zip"


class NothingProcessed(Exception):
    """Not one picture could be processed; the text tells of the first that could not."""


@task(title="Process images", tags=["images"])
def process_images(  # noqa: PLR0913 - each parameter is a field of the run form
    pictures: Annotated[list[File], Field(min_length=1, max_length=100)],
    operations: Annotated[list[Operation], Field(min_length=1, max_length=20)],
    blur_radius: Annotated[float, Field(ge=0.1, le=50)] = 5,
    angle: Annotated[float, Field(ge=-360, le=360)] = 90,
    max_side: Annotated[int, Field(ge=16, le=8_000)] = 800,
    contrast: Annotated[float, Field(ge=0, le=4)] = 1.5,
    output_format: Format = "same",
) -> dict[str, Any]:
    """Blur, rotate, resize or enhance pictures, one after the other.

    Every processed picture becomes an artifact, and a zip holds them all. What cannot be
    processed is counted as an error and named; the rest goes on.

    Args:
        pictures: Pictures (JPEG, PNG, GIF, WebP, TIFF, BMP), or zip files of pictures.
        operations: What to do with each of them. The form does it in the order of the boxes, a
            call from code in the order of its list.
        blur_radius: Radius of the blur in pixels.
        angle: Rotation in degrees, clockwise.
        max_side: Resize so that the longer side has at most this many pixels.
        contrast: 1 leaves the contrast as it is, 0 is plain grey.
        output_format: The format of the results.
    """
    wishes = Wishes(
        blur_radius=blur_radius,
        angle=angle,
        max_side=max_side,
        contrast=contrast,
        output_format=output_format,
    )
    batch = _Batch(operations, wishes)
    batch.process(pictures)
    batch.pack()
    return batch.summary()


@dataclass(frozen=True)
class _Source:
    """A picture that was given, alone or in a zip."""

    file: File
    member: Member | None = None

    @property
    def name(self) -> str:
        name = f"{self.file.name}/{self.member.name}" if self.member else self.file.name
        return sanitize.text(name, MAX_NAME_CHARS)

    def fetch(self, scratch: Path) -> Path:
        """Where it can be read; out of a zip, that is `scratch`."""
        if self.member is None:
            return self.file.path
        archives.extract(self.file.path, self.member, scratch)
        if archives.is_zip(scratch):
            raise Refused(_("A zip file in a zip file is not opened."))
        return scratch


def _found(files: Sequence[File]) -> Iterator[tuple[_Source, str | None]]:
    """All pictures in these files, and why one of them, or a whole zip, is refused."""
    for file in files:
        if not archives.is_zip(file.path):
            yield _Source(file), None
            continue
        try:
            members = archives.members(file.path)
        except Refused as refusal:
            yield _Source(file), str(refusal)
        else:
            yield from ((_Source(file, member), member.refusal) for member in members)


class _Batch:
    """All pictures of one job. After each, what is done is kept: a job that was paused,
    or lost its worker, goes on with the next."""

    def __init__(self, operations: Sequence[Operation], wishes: Wishes) -> None:
        self.job = current_job()
        self.operations, self.wishes = operations, wishes
        kept = self.job.last_checkpoint or {}
        self.looked_at: int = kept.get("looked_at", 0)
        self.made: list[dict[str, Any]] = kept.get("made", [])
        self.failures: int = kept.get("failures", 0)
        self.first_failure: str = kept.get("first_failure", "")
        self.names = Names([ZIP_NAME, *(about["name"] for about in self.made)])

    def process(self, files: Sequence[File]) -> None:
        """Work on whatever these files hold; raises NothingProcessed if that is nothing."""
        found = list(_found(files))
        if len(found) > MAX_PICTURES:
            raise Refused(
                _("These are %(count)d pictures; at most %(most)d are processed in one job.")
                % {"count": len(found), "most": MAX_PICTURES}
            )
        steps = len(self.operations)
        for number, (source, refusal) in enumerate(found):
            self.job.progress(number * steps, len(found) * steps)
            if number >= self.looked_at:
                self._look_at(number, source, refusal)
                self._remember(number + 1)
        if not self.made:
            raise self._nothing()
        self.job.progress(len(found) * steps, message=_("Packing"))

    def _look_at(self, number: int, source: _Source, refusal: str | None) -> None:
        scratch = self.job.directory / f"given-{number}"
        try:
            if refusal is not None:
                raise Refused(refusal)
            self._keep(number, source, self._changed(number, source, scratch))
        except (NotAPicture, Refused) as reason:
            self.failures += 1
            self.first_failure = self.first_failure or f"{source.name}: {reason}"
            self.job.error(source.name, reason)
        finally:
            scratch.unlink(missing_ok=True)

    def _changed(self, number: int, source: _Source, scratch: Path) -> Opened:
        picture = opened(source.fetch(scratch))
        for done, operation in enumerate(self.operations, number * len(self.operations)):
            self.job.progress(done, message=f"{operation} — {source.name}")
            picture = changed(picture, operation, self.wishes)
        return picture

    def _keep(self, number: int, source: _Source, picture: Opened) -> None:
        kind = target_format(picture, self.wishes)
        path = self.job.directory / f"made-{number}"
        save(picture, kind, path)
        name = self.names.unique(source.name, ENDINGS[kind])
        width, height = picture.frames[0].size
        artifact = self.job.attach(path, name, f"image/{kind.lower()}", thumbnail(picture))
        self.made.append(
            {
                "name": name,
                "width": width,
                "height": height,
                "bytes": path.stat().st_size,
                "artifact": str(artifact.pk),
                "scratch": path.name,
            }
        )

    def _remember(self, looked_at: int) -> None:
        self.job.checkpoint(
            {
                "looked_at": looked_at,
                "made": self.made,
                "failures": self.failures,
                "first_failure": self.first_failure,
            }
        )

    def _nothing(self) -> NothingProcessed:
        if not self.failures:
            return NothingProcessed(_("There is no picture in what was uploaded."))
        words = ngettext(
            "The picture could not be processed: %(first)s",
            "None of the %(count)d pictures could be processed, the first: %(first)s",
            self.failures,
        )
        return NothingProcessed(words % {"count": self.failures, "first": self.first_failure})

    def pack(self) -> None:
        """One zip of all processed pictures."""
        path = self.job.directory / "packed"
        with zipfile.ZipFile(path, "w") as archive:
            for about in self.made:
                archive.write(self._local(about), about["name"])
        try:
            self.job.attach(path, ZIP_NAME, "application/zip")
        except ValueError as too_large:
            self.job.error(ZIP_NAME, too_large)

    def _local(self, about: dict[str, Any]) -> Path:
        """Where a processed picture lies; one of an earlier attempt is an artifact only."""
        path: Path = self.job.directory / about["scratch"]
        if not path.exists():
            kept = Artifact.objects.get(pk=about["artifact"])
            with kept.file.open("rb") as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
        return path

    def summary(self) -> dict[str, Any]:
        """What the job returns."""
        told = ("name", "width", "height", "bytes")
        return {
            "processed": len(self.made),
            "failed": self.failures,
            "operations": list(self.operations),
            "pictures": [{key: about[key] for key in told} for about in self.made],
            "zip": ZIP_NAME,
        }
