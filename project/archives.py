"""Zip files that strangers upload, read so that neither their size nor their names can
do harm: names are only looked at, never used as paths."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from django.utils.translation import gettext as _

MAX_MEMBERS = 1_000
MAX_TOTAL_BYTES = 200_000_000
MAX_RATIO = 100
HARMLESS_BYTES = 1_000_000
"""Below this size the ratio of compression says nothing."""

MAX_DIRECTORY_BYTES = 1_000_000
"""A directory of `MAX_MEMBERS` ordinary names is a tenth of this."""

DIRECTORY_END = struct.Struct("<4s4H2LH")
ENCRYPTED = 0x1
AT_ONCE = 1 << 20


class Refused(ValueError):
    """An archive, or one member of it, that is not opened; the text says why."""


@dataclass(frozen=True)
class Member:
    """A file in an archive; `refusal` says why it may not be opened, if so."""

    name: str
    size: int
    refusal: str | None
    _info: zipfile.ZipInfo


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip does; what its name says is not asked."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def members(path: Path) -> list[Member]:
    """The files in an archive, without folders and what macOS and Windows add.

    Raises Refused for an archive that is broken or a bomb.
    """
    with _opened(path) as archive:
        infos = [info for info in archive.infolist() if not _is_clutter(info)]
    _refuse_bomb(infos)
    seen: set[str] = set()
    found = []
    for info in infos:
        found.append(Member(info.filename, info.file_size, _refusal(info, seen), info))
        seen.add(info.filename.casefold())
    return found


def extract(path: Path, member: Member, target: Path) -> None:
    """Write one member to `target`, a new file; raises Refused if it is broken."""
    if member.refusal is not None:
        raise Refused(member.refusal)
    try:
        with _opened(path) as archive, archive.open(member._info) as source:
            _copy(source, target, member.size)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        target.unlink(missing_ok=True)
        raise Refused(_("It cannot be unpacked: %(why)s") % {"why": error}) from error


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    _refuse_endless_directory(path)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Refused(_("This zip file is broken: %(why)s") % {"why": error}) from error
    with archive:
        yield archive


def _refuse_endless_directory(path: Path) -> None:
    """Python reads the whole directory at once: look at how long it says it is before."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(file.tell() - DIRECTORY_END.size - 0xFFFF, 0))
        end = file.read()
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) - at < DIRECTORY_END.size:
        raise Refused(_("This zip file is broken: its end is missing."))
    # A zip64 locator overrules what follows it, and nothing this small needs one.
    is_zip64 = end[max(at - 20, 0) : at].startswith(b"PK\x06\x07")
    count, size = DIRECTORY_END.unpack_from(end, at)[4:6]
    if count > MAX_MEMBERS:
        raise _too_many()
    if size > MAX_DIRECTORY_BYTES or is_zip64:
        raise Refused(_("The table of contents of this zip file is too large."))


def _is_clutter(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename).parts
    name = parts[-1] if parts else ""
    is_metadata = name in (".DS_Store", "Thumbs.db") or name.startswith("._")
    return info.is_dir() or parts[:1] == ("__MACOSX",) or is_metadata


def _refuse_bomb(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_MEMBERS:
        raise _too_many()
    total = sum(info.file_size for info in infos)
    if total > MAX_TOTAL_BYTES:
        raise Refused(
            _("Unpacked, this zip file would have %(size)d MB; at most %(most)d are accepted.")
            % {"size": total // 1_000_000, "most": MAX_TOTAL_BYTES // 1_000_000}
        )
    for info in infos:
        if info.file_size > max(HARMLESS_BYTES, MAX_RATIO * info.compress_size):
            raise Refused(
                _("This zip file looks like a bomb: unpacked, %(name)s grows %(most)d-fold.")
                % {"name": info.filename, "most": MAX_RATIO}
            )


def _too_many() -> Refused:
    return Refused(
        _("This zip file has too many files; at most %(most)d are accepted.")
        % {"most": MAX_MEMBERS}
    )


def _refusal(info: zipfile.ZipInfo, seen: set[str]) -> str | None:
    name = info.filename
    if _leads_elsewhere(name):
        return _("Its path leads out of the zip file.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return _("It is no ordinary file but a link or a device.")
    if info.flag_bits & ENCRYPTED:
        return _("It is protected by a password.")
    if name.casefold() in seen:
        return _("The zip file has another file of this name.")
    if name.lower().endswith((".zip", ".jar")):
        return _("A zip file in a zip file is not opened.")
    return None


def _leads_elsewhere(name: str) -> bool:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    climbs = ".." in posix.parts or ".." in windows.parts
    return climbs or posix.is_absolute() or bool(windows.drive or windows.root)


def _copy(source: IO[bytes], target: Path, size: int) -> None:
    with target.open("xb") as file:
        while piece := source.read(AT_ONCE):
            size -= len(piece)
            if size < 0:
                raise zipfile.BadZipFile("more data than announced")
            file.write(piece)
