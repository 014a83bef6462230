"""Small pictures of the pictures that a job attaches. They are made here, so that no page
ever hands out, as a picture, bytes that a job wrote."""

import io
import logging
from pathlib import Path

from celery.exceptions import SoftTimeLimitExceeded
from PIL import Image, ImageOps

logger = logging.getLogger(__name__)

SIDE = 320
MOST_BYTES = 30_000_000
MOST_PIXELS = 40_000_000
_KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".gif": "GIF", ".webp": "WEBP"}


def thumbnail_of(file: Path | str | bytes, name: str) -> bytes | None:
    """A JPEG of at most `SIDE` pixels; None for what is no picture by its name and
    its bytes, and for one that would take long."""
    kind = _KINDS.get(Path(name).suffix.lower())
    size = len(file) if isinstance(file, bytes) else Path(file).stat().st_size
    if kind is None or size > MOST_BYTES:
        return None
    try:
        source = io.BytesIO(file) if isinstance(file, bytes) else file
        with Image.open(source, formats=[kind]) as picture:
            return _drawn(picture)
    except SoftTimeLimitExceeded:
        raise  # of the function that attaches it, not of the picture
    # A decoder fails in as many ways as a file can be broken; the file is kept all the same.
    except Exception as error:
        logger.debug("No thumbnail of %r: %s", name, error)
        return None


def _drawn(picture: Image.Image) -> bytes | None:
    if picture.width * picture.height > MOST_PIXELS:
        return None
    picture.draft("RGB", (2 * SIDE, 2 * SIDE))  # of a JPEG only as much as is needed
    small = ImageOps.exif_transpose(picture).convert("RGBA")
    small.thumbnail((SIDE, SIDE))
    paper = Image.new("RGB", small.size, "white")
    paper.paste(small, mask=small)
    drawn = io.BytesIO()
    paper.save(drawn, "JPEG", quality=75)
    return drawn.getvalue()
