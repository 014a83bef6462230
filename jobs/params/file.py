"""Files as parameters: uploaded by a person, read by a function."""

from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from jobs.conf import configuration

if TYPE_CHECKING:
    Upload = UploadedFile[Any]
else:
    Upload = UploadedFile

KEPT = "$file"


class File:
    """A file that a job was given: a real file on this machine, to be read only.

    `size` is in bytes; `name` and `content_type` are what the person's browser said,
    and not to be believed.
    """

    # No dataclass: pydantic would dump one as a dictionary, and lose it.
    def __init__(self, *, name: str, size: int, content_type: str, path: Path) -> None:
        self.name = name
        self.size = size
        self.content_type = content_type
        self.path = path

    def __repr__(self) -> str:
        return f"File({self.name!r}, {self.size} bytes)"

    def open(self, mode: str = "rb", **how: Any) -> IO[Any]:
        """Open it, as `pathlib.Path.open` does."""
        return self.path.open(mode, **how)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _as_file,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: None, when_used="json"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "binary"}


def is_file(value: Any) -> bool:
    return isinstance(value, UploadedFile | File)


def kept(value: Upload | File, keep: Callable[[Upload], str]) -> dict[str, str]:
    """A file as it stands in a row: the id that `keep` gave it."""
    if isinstance(value, File):
        # A job hands a file of its own on to another: as if it had been uploaded. It
        # stays open, for `keep` may store it later, at the end of the transaction.
        value = Upload(value.open(), value.name, value.content_type, value.size)
    return {KEPT: keep(value)}


def _as_file(value: Any, info: core_schema.ValidationInfo) -> Upload | File:
    if isinstance(value, File):
        return value
    if isinstance(value, UploadedFile):
        return _small_enough(value)
    open_file = (info.context or {}).get("open_file")
    if open_file is not None and isinstance(value, dict) and set(value) == {KEPT}:
        return open_file(value[KEPT])  # type: ignore[no-any-return]
    raise PydanticCustomError("file_type", "Choose a file")


def _small_enough(upload: Upload) -> Upload:
    limit = configuration().artifact_max_bytes
    if (upload.size or 0) > limit:
        raise ValueError(
            _("This file has %(size)d bytes; at most %(limit)d are accepted.")
            % {"size": upload.size, "limit": limit}
        )
    return upload
