"""Pictures that strangers upload: opened with care, changed, written in a sound format."""

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from django.utils.translation import gettext as _
from PIL import (
    Image,
    ImageEnhance,
    ImageFilter,
    ImageOps,
    ImageSequence,
    UnidentifiedImageError,
)

Operation = Literal["blur", "rotate", "resize", "enhance"]
Format = Literal["same", "JPEG", "PNG", "WebP"]

MAX_PIXELS = 50_000_000
"""Of a picture, or of all frames of a moving one, before anything is decoded."""

MAX_FRAMES = 200
THUMBNAIL_SIDE = 160
THUMBNAIL_BYTES = 20_000

# Nothing that runs other programs (EPS), fetches, or is a container of its own.
READ = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
ENDINGS = {
    "JPEG": "jpg",
    "PNG": "png",
    "GIF": "gif",
    "WEBP": "webp",
    "TIFF": "tif",
    "BMP": "bmp",
}
MOVING = {"GIF", "WEBP", "PNG"}
# Other colours are converted, and then their profile speaks of inks that are gone.
KEEPING_PROFILE = {"RGB", "RGBA", "P", "PA"}
WITHOUT_ALPHA = {"JPEG", "BMP"}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # a second lock, should a door beside ours be found

# Whatever Pillow's decoders raise when bytes lie. Not `Exception`: a time limit is one.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    AttributeError,
    NotImplementedError,
    struct.error,
    zlib.error,
)


class NotAPicture(ValueError):
    """A file that cannot be processed; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How the operations are done; angles in degrees clockwise, lengths in pixels."""

    blur_radius: float
    angle: float
    max_side: int
    contrast: float
    output_format: Format


@dataclass(frozen=True)
class Opened:
    """A picture in memory: its frames, upright, in RGB or RGBA."""

    format: str
    frames: list[Image.Image]
    durations: list[int]


def opened(path: Path) -> Opened:
    """Read a picture. Raises NotAPicture for what is none, is broken or too large."""
    try:
        # What Pillow warns of, it goes on with, or it is refused here.
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=READ) as image:
            _refuse_too_large(image.width * image.height)
            return _decoded(image)
    except UnidentifiedImageError as error:
        raise NotAPicture(_("This is no picture of a known kind.")) from error
    except Image.DecompressionBombError as error:
        raise NotAPicture(_too_large()) from error
    except NotAPicture:
        raise
    except BROKEN as error:
        raise NotAPicture(_("This picture is broken: %(why)s") % {"why": error}) from error


def _refuse_too_large(pixels: int) -> None:
    if pixels > MAX_PIXELS:
        raise NotAPicture(_too_large())


def _too_large() -> str:
    most = MAX_PIXELS // 1_000_000
    return _("This picture has more than %(most)d million pixels.") % {"most": most}


def _decoded(image: Image.Image) -> Opened:
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    frames, durations = [], []
    for frame in _frames(image, kind):
        frames.append(_plain(ImageOps.exif_transpose(frame)))
        durations.append(int(frame.info.get("duration") or 100))
        _refuse_too_large(len(frames) * image.width * image.height)
    return Opened(kind, frames, durations)


def _frames(image: Image.Image, kind: str) -> Iterator[Image.Image]:
    if kind not in MOVING:
        yield image
        return
    for number, frame in enumerate(ImageSequence.Iterator(image)):
        if number == MAX_FRAMES:
            raise NotAPicture(
                _("This picture has more than %(most)d frames.") % {"most": MAX_FRAMES}
            )
        yield frame


def _plain(image: Image.Image) -> Image.Image:
    """As RGB, or RGBA when something shows through, for all operations can work on that.
    Only the colour profile is kept: who took it where is nobody's business."""
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda level: level / 256).convert("L")
    bands = image.getbands()
    through = "A" in bands or "a" in bands or "transparency" in image.info
    plain = image.convert("RGBA" if through else "RGB")
    profile = image.info.get("icc_profile") if image.mode in KEEPING_PROFILE else None
    plain.info = {"icc_profile": profile} if profile else {}
    return plain


def changed(picture: Opened, operation: Operation, wishes: Wishes) -> Opened:
    """The picture after one operation."""
    change = OPERATIONS[operation]
    frames = [change(frame, wishes) for frame in picture.frames]
    return Opened(picture.format, frames, picture.durations)


def _blur(image: Image.Image, wishes: Wishes) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(wishes.blur_radius))


def _rotate(image: Image.Image, wishes: Wishes) -> Image.Image:
    if wishes.angle % 90:  # corners come in that show nothing
        image = image.convert("RGBA")
    return image.rotate(-wishes.angle, Image.Resampling.BICUBIC, expand=True)


def _resize(image: Image.Image, wishes: Wishes) -> Image.Image:
    if max(image.size) <= wishes.max_side:
        return image
    return ImageOps.contain(image, (wishes.max_side, wishes.max_side))


def _enhance(image: Image.Image, wishes: Wishes) -> Image.Image:
    return ImageEnhance.Contrast(image).enhance(wishes.contrast)


OPERATIONS: dict[Operation, Callable[[Image.Image, Wishes], Image.Image]] = {
    "blur": _blur,
    "rotate": _rotate,
    "resize": _resize,
    "enhance": _enhance,
}


def target_format(picture: Opened, wishes: Wishes) -> str:
    """The format that the picture will be written in, by Pillow's name."""
    return picture.format if wishes.output_format == "same" else wishes.output_format.upper()


def save(picture: Opened, kind: str, path: Path) -> None:
    """Write the picture; raises NotAPicture when the format cannot hold it."""
    frames = [_fit(frame, kind) for frame in picture.frames]
    first, more = frames[0], frames[1:]
    options: dict[str, Any] = {"icc_profile": first.info.get("icc_profile")}
    if kind in ("JPEG", "WEBP"):
        options["quality"] = 90
    if kind == "TIFF":
        options["compression"] = "tiff_lzw"
    if more and kind in MOVING:
        options |= {"save_all": True, "append_images": more, "loop": 0}
        options["duration"] = picture.durations
        if kind == "GIF":
            options["disposal"] = 2
    try:
        first.save(path, kind, **options)
    except (OSError, ValueError, struct.error) as error:
        raise NotAPicture(
            _("It cannot be written as %(format)s: %(why)s") % {"format": kind, "why": error}
        ) from error


def _fit(image: Image.Image, kind: str) -> Image.Image:
    return _on_white(image) if kind in WITHOUT_ALPHA else image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)
    white.info = image.info
    return white


def thumbnail(picture: Opened) -> bytes:
    """A small JPEG of the first frame, of at most `THUMBNAIL_BYTES`."""
    small = picture.frames[0].copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    small = _on_white(small)
    for quality in (80, 60, 40, 20):
        written = io.BytesIO()
        small.save(written, "JPEG", quality=quality)
        if written.tell() <= THUMBNAIL_BYTES:
            break
    return written.getvalue()
