"""Artifact: a file that a job made or was given."""

import mimetypes
import re
import uuid
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.utils.translation import gettext_lazy as _

from .job import Job

if TYPE_CHECKING:
    Upload = UploadedFile[Any]
else:
    Upload = UploadedFile

CONTENT_TYPE_MAX_CHARS = 127
_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w.-]+=[\w.\"-]+)*", re.ASCII)


def stored_name(artifact: "Artifact", filename: str) -> str:
    """Where a file lies in the storage: names of ours only, never a person's, and not
    the id that a caller made up either (`../../x` is a legal one)."""
    return f"jobs/{artifact.id.hex[:2]}/{artifact.id}"


def content_type_of(told: str | None, name: str) -> str:
    """What somebody says that a file is, unless no browser could be told so."""
    if told and len(told) <= CONTENT_TYPE_MAX_CHARS and _CONTENT_TYPE.fullmatch(told):
        return told
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


class KeptFile(Upload):
    """A file that a job was given, to be given once more as if it had been uploaded. It is
    opened when it is read."""

    def __init__(self, artifact: "Artifact") -> None:
        super().__init__(artifact.file, artifact.name, artifact.content_type, artifact.size)
        self.artifact = artifact


class Artifact(models.Model):
    """The bytes lie in the default file storage under a name of ours; `name` is what
    people see and get when they download it."""

    class Kind(models.TextChoices):
        INPUT = "input", _("given")
        OUTPUT = "output", _("made")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, models.CASCADE, related_name="artifacts")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.OUTPUT)
    name = models.CharField(max_length=255)
    file = models.FileField(upload_to=stored_name, max_length=500)
    thumbnail = models.BinaryField(null=True, editable=False)
    content_type = models.CharField(
        max_length=CONTENT_TYPE_MAX_CHARS, default="application/octet-stream"
    )
    size = models.PositiveBigIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        verbose_name = _("artifact")
        verbose_name_plural = _("artifacts")
        ordering = ["job", "created_at", "name"]

    def __str__(self) -> str:
        return self.name
