"""File names for people, made of names that strangers chose."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from jobs import sanitize

MAX_BYTES = 150
"""Of a name without its ending; most file systems take 255 in all."""

_FORBIDDEN = re.compile(r'[\x00-\x1f\x1b<>:"/\\|?*\u2400-\u243f]+')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


class Names:
    """Gives each file a name that is safe everywhere and that no other one has, small
    and capital letters being the same."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}

    def unique(self, wanted: str, ending: str) -> str:
        """A name like `wanted`, whose own ending does not count."""
        stem = safe_stem(wanted)
        name, number = f"{stem}.{ending}", 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}-{number}.{ending}"
        self._taken.add(name.casefold())
        return name


def safe_stem(name: str) -> str:
    """The last part of a path, without ending and without all that a system may mind."""
    last = PurePosixPath(name.replace("\\", "/")).name
    stem = PurePosixPath(sanitize.text(last)).stem
    stem = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", stem))
    stem = stem.encode()[:MAX_BYTES].decode(errors="ignore").strip(" .")
    return f"_{stem}" if not stem or _DEVICE.match(stem) else stem
