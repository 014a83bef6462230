"""Artifact: a file that a job made or was given."""

import mimetypes
import re
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.files.storage import Storage, storages
from django.core.files.uploadedfile import UploadedFile
from django.core.signals import setting_changed
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.utils.functional import LazyObject, empty
from django.utils.translation import gettext_lazy as _

from .job import Job

if TYPE_CHECKING:
    Upload = UploadedFile[Any]
else:
    Upload = UploadedFile

CONTENT_TYPE_MAX_CHARS = 127
_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w.-]+=[\w.\"-]+)*", re.ASCII)


class _Files(LazyObject):  # type: ignore[type-arg]
    def _setup(self) -> None:
        alias = "jobs" if "jobs" in storages.backends else "default"
        self._wrapped = storages[alias]


_files: Any = _Files()


def file_storage() -> Storage:
    """Where the files of jobs lie: the storage that the site calls `jobs`, or its default."""
    return _files  # type: ignore[no-any-return]


def _forget_storage(*, setting: str, **kwargs: Any) -> None:
    if setting == "STORAGES":
        _files._wrapped = empty


setting_changed.connect(_forget_storage)


_TEXTS = {
    "txt", "log", "csv", "tsv", "json", "jsonl", "md", "rst", "xml", "html", "yaml", "yml",
    "toml", "ini", "cfg", "py", "js", "sql",
}  # fmt: skip


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
    """The bytes lie in the storage of `file_storage` under a name of ours; `name` is what
    people see and get when they download it. They go when the last row that names them does."""

    class Kind(models.TextChoices):
        INPUT = "input", _("given")
        OUTPUT = "output", _("made")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, models.CASCADE, related_name="artifacts")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.OUTPUT)
    name = models.CharField(max_length=255)
    file = models.FileField(upload_to=stored_name, storage=file_storage, max_length=500)
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
        indexes = [
            models.Index(fields=["file"], name="artifact_of_file"),
            models.Index(fields=["-created_at", "-id"], name="artifact_newest"),
        ]

    # Whose bytes this one shares, until both are saved.
    source: "Artifact | None" = None

    def __str__(self) -> str:
        return self.name

    @property
    def is_text(self) -> bool:
        """Whether its name or its type says that people can read it."""
        ending = self.name.rpartition(".")[2].lower()
        return ending in _TEXTS or self.content_type.startswith("text/")

    def given_to(self, job_id: str) -> "Artifact":
        """The same bytes as a file that another job is given, not saved yet."""
        twin = Artifact(
            job_id=job_id,
            kind=Artifact.Kind.INPUT,
            name=self.name,
            file=self.file.name,
            content_type=self.content_type,
            size=self.size,
        )
        twin.source = self
        return twin


def _is_deleted(instance: Artifact, using: str, **kwargs: Any) -> None:
    """However a row goes (with its job, one of many, by a cascade), its bytes go after it."""
    forget = partial(_forget_bytes, instance.file.name or "")
    transaction.on_commit(forget, using=using, robust=True)


def _forget_bytes(name: str) -> None:
    if name and not Artifact.objects.filter(file=name).exists():
        file_storage().delete(name)


post_delete.connect(_is_deleted, sender=Artifact)
