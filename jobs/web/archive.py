"""All files of a job as one zip, written while it is sent."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator

from jobs.models import Artifact
from jobs.reading.stream import pieces

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
# Names that Windows keeps for devices, with any ending.
_DEVICE = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def zipped(artifacts: Iterable[Artifact]) -> Iterator[bytes]:
    """The pieces of a zip with each file under a safe name of its own."""
    pipe = _Pipe()
    taken: set[str] = set()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for artifact in artifacts:
            entry = zipfile.ZipInfo(unique_name(artifact.name, taken), _stamp(artifact))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with (
                artifact.file.open("rb") as source,
                archive.open(entry, "w", force_zip64=True) as target,
            ):
                for piece in pieces(source):
                    target.write(piece)
                    yield from pipe.taken()
            yield from pipe.taken()
    yield from pipe.taken()


def unique_name(name: str, taken: set[str]) -> str:
    """`name` as a plain relative path: no root, no way up, nothing that was taken."""
    parts = [_part(part) for part in name.replace("\\", "/").split("/")]
    clean = "/".join(part for part in parts if part) or "file"
    stem, dot, ending = clean.rpartition(".")
    if not stem or "/" in ending:
        stem, dot, ending = clean, "", ""
    count, free = 1, clean
    while free.casefold() in taken:
        count += 1
        free = f"{stem} ({count}){dot}{ending}"
    taken.add(free.casefold())
    return free


def _part(part: str) -> str:
    clean = _FORBIDDEN.sub("_", part).strip(" .")[:120]
    return f"_{clean}" if _DEVICE.match(clean) else clean


def _stamp(artifact: Artifact) -> tuple[int, int, int, int, int, int]:
    at = artifact.created_at
    return (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)


class _Pipe(io.RawIOBase):
    """Takes what the zip writes and hands it on; it cannot go back."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        block = bytes(data)  # type: ignore[call-overload]
        self._waiting += block
        return len(block)

    def taken(self) -> Iterator[bytes]:
        """What waits to be sent, once there is some."""
        if self._waiting:
            block = bytes(self._waiting)
            self._waiting.clear()
            yield block
