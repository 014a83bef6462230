"""Pictures of strangers: what is sound is read upright and in colour, the rest refused."""

import io
import os
import random
import struct
import subprocess
import sys
import textwrap
import zlib

import pytest
from PIL import Image, ImageSequence

from project.pictures import (
    MAX_FRAMES,
    THUMBNAIL_BYTES,
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

WISHES = Wishes(blur_radius=3, angle=90, max_side=50, contrast=1.5, output_format="same")
ORIENTATION, GPS, ARTIST = 0x0112, 0x8825, 0x013B


def picture(size=(120, 80), mode="RGB", colour="teal") -> Image.Image:
    """Two halves, so that one sees where is up."""
    image = Image.new("RGB", size, colour)
    image.paste("orange", (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


def png_header(width: int, height: int) -> bytes:
    """A picture that announces a size, and has nothing behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16", "CMYK"])
@pytest.mark.parametrize("operation", ["blur", "rotate", "resize", "enhance"])
def test_every_kind_of_colour_goes_through_every_operation(
    tmp_path, mode, operation: Operation
):
    kind = "TIFF" if mode in ("CMYK", "I") else "PNG"
    picture(mode=mode).save(tmp_path / "given", kind)
    result = changed(opened(tmp_path / "given"), operation, WISHES)
    save(result, kind, tmp_path / "made")
    with Image.open(tmp_path / "made") as made:
        assert made.format == kind
        assert made.size == {"rotate": (80, 120), "resize": (50, 33)}.get(operation, (120, 80))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("wanted", ["same", "JPEG", "PNG", "WebP"])
def test_every_format_can_be_written_as_every_other(tmp_path, kind, wanted):
    picture(mode="RGB" if kind in ("JPEG", "BMP") else "RGBA").save(tmp_path / "given", kind)
    given = opened(tmp_path / "given")
    wishes = Wishes(blur_radius=1, angle=45, max_side=50, contrast=1, output_format=wanted)
    target = target_format(given, wishes)
    assert target == (kind if wanted == "same" else wanted.upper())
    save(changed(given, "rotate", wishes), target, tmp_path / "made")
    with Image.open(tmp_path / "made") as made:
        assert made.format == target


def test_cmyk_becomes_the_colours_of_a_screen(tmp_path):
    picture(mode="CMYK").save(tmp_path / "given", "JPEG", quality=95)
    given = opened(tmp_path / "given")
    save(given, "PNG", tmp_path / "made")
    with Image.open(tmp_path / "made") as made:
        red, green, blue = made.getpixel((10, 10))
    assert (red > 230, 140 < green < 190, blue < 40) == (True, True, True)


def test_sixteen_bits_keep_their_brightness(tmp_path):
    Image.new("I;16", (10, 10), 40_000).save(tmp_path / "given", "PNG")
    (frame,) = opened(tmp_path / "given").frames
    assert abs(frame.getpixel((5, 5))[0] - 40_000 // 256) <= 1


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_picture_lies_as_its_camera_was_held(tmp_path, turned):
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    upright = picture()
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Transpose that undoes it
    given = upright.transpose(Image.Transpose(back[turned])) if turned > 1 else upright
    given.save(tmp_path / "given", "JPEG", exif=exif, quality=95)
    (frame,) = opened(tmp_path / "given").frames
    assert frame.size == (120, 80)
    left, right = frame.getpixel((10, 40)), frame.getpixel((110, 40))
    assert left[0] > 200 > right[0]


def test_where_and_by_whom_it_was_taken_is_not_passed_on(tmp_path):
    exif = Image.Exif()
    exif[ARTIST] = "Jane Stranger"
    exif.get_ifd(GPS)[1] = "N"
    picture().save(tmp_path / "given", "JPEG", exif=exif, comment=b"at home")
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        save(opened(tmp_path / "given"), kind, tmp_path / "made")
        written = (tmp_path / "made").read_bytes()
        assert b"Jane" not in written and b"at home" not in written
        with Image.open(tmp_path / "made") as made:
            assert ARTIST not in made.getexif() and GPS not in made.getexif()


def test_the_colour_profile_stays(tmp_path):
    picture().save(tmp_path / "given", "JPEG", icc_profile=b"some profile")
    save(changed(opened(tmp_path / "given"), "blur", WISHES), "PNG", tmp_path / "made")
    with Image.open(tmp_path / "made") as made:
        assert made.info["icc_profile"] == b"some profile"


def test_a_moving_picture_goes_on_moving(tmp_path):
    frames = [picture(colour=colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        given, made = tmp_path / "given", tmp_path / "made"
        frames[0].save(
            given, kind, save_all=True, append_images=frames[1:], duration=[90, 120, 50]
        )
        save(changed(opened(given), "resize", WISHES), kind, made)
        with Image.open(made) as moving:
            sizes = [frame.size for frame in ImageSequence.Iterator(moving)]
        assert sizes == [(50, 33)] * 3
        save(opened(given), "JPEG", made)
        with Image.open(made) as still:
            assert still.format == "JPEG"


def test_nothing_shows_black_through_a_transparent_picture(tmp_path):
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.save(tmp_path / "given", "PNG")
    given = opened(tmp_path / "given")
    save(given, "JPEG", tmp_path / "made")
    with Image.open(tmp_path / "made") as made:
        assert made.getpixel((20, 20)) == (255, 255, 255)
    with Image.open(io.BytesIO(thumbnail(given))) as small:
        assert small.getpixel((20, 20)) == (255, 255, 255)


def test_rotation_is_clockwise_and_leaves_corners_open(tmp_path):
    given = Opened("PNG", [picture()], [100])
    (frame,) = changed(given, "rotate", WISHES).frames
    assert frame.getpixel((40, 10))[0] > 200  # what was left is on top
    wishes = Wishes(blur_radius=1, angle=30, max_side=50, contrast=1, output_format="same")
    (frame,) = changed(given, "rotate", wishes).frames
    assert frame.getpixel((0, 0))[3] == 0


def test_resizing_never_enlarges():
    wishes = Wishes(blur_radius=1, angle=0, max_side=500, contrast=1, output_format="same")
    given = Opened("PNG", [picture()], [100])
    assert changed(given, "resize", wishes).frames[0].size == (120, 80)


def test_a_thumbnail_is_small_whatever_the_picture(tmp_path):
    noise = Image.frombytes("RGB", (800, 800), random.Random(1).randbytes(800 * 800 * 3))
    written = thumbnail(Opened("PNG", [noise], [100]))
    assert len(written) <= THUMBNAIL_BYTES
    with Image.open(io.BytesIO(written)) as small:
        assert small.size == (160, 160)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no picture of a known kind"),
        (b"hello, I am a text", "no picture of a known kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture of a known kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture of a known kind"),
        (b"\xff\xd8\xff\xe0 no jpeg", "broken"),
        (png_header(100, 100), "broken"),
        (png_header(30_000, 30_000), "more than 50 million pixels"),
        (png_header(8_000, 7_000), "more than 50 million pixels"),
        (png_header(2**31 - 1, 2**31 - 1), "more than 50 million pixels"),
    ],
)
def test_what_cannot_be_processed_is_refused_with_words(tmp_path, data, words):
    (tmp_path / "given").write_bytes(data)
    with pytest.raises(NotAPicture, match=words):
        opened(tmp_path / "given")


def test_a_picture_that_ends_too_early_is_refused(tmp_path):
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"):
        picture((400, 300)).save(tmp_path / "whole", kind)
        data = (tmp_path / "whole").read_bytes()
        (tmp_path / "given").write_bytes(data[: len(data) // 2])
        with pytest.raises(NotAPicture):
            opened(tmp_path / "given")


def test_a_film_is_no_picture(tmp_path):
    frames = [Image.new("L", (4, 4), number % 256) for number in range(MAX_FRAMES + 2)]
    frames[0].save(tmp_path / "given", "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(NotAPicture, match="more than 200 frames"):
        opened(tmp_path / "given")


def test_frames_count_together(tmp_path):
    frames = [Image.new("1", (2_900, 2_900), number % 2) for number in range(8)]
    frames[0].save(tmp_path / "given", "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(NotAPicture, match="more than 50 million pixels"):
        opened(tmp_path / "given")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_flipped_bytes_never_raise_anything_else(tmp_path, kind):
    chance = random.Random(kind)
    picture((40, 30)).save(tmp_path / "whole", kind)
    good = (tmp_path / "whole").read_bytes()
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "given").write_bytes(data)
        try:
            save(opened(tmp_path / "given"), "PNG", tmp_path / "made")
        except NotAPicture as refusal:
            assert str(refusal)


OPEN = """
    import sys
    from pathlib import Path
    import django
    django.setup()
    from project.pictures import NotAPicture, opened

    try:
        opened(Path(sys.argv[1]))
    except NotAPicture as refusal:
        print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


def test_a_bomb_takes_no_memory(tmp_path):
    """900 million pixels in a small file, refused with less than 300 MB of memory."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(30_000 * 3 + 1)) for _ in range(1_000)) + rows.flush()
    bomb = bytearray(png_header(30_000, 30_000))
    start = bomb.index(b"IDAT") - 4
    crc = struct.pack(">I", zlib.crc32(b"IDAT" + packed))
    bomb[start:] = struct.pack(">I", len(packed)) + b"IDAT" + packed + crc
    (tmp_path / "given").write_bytes(bomb)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(OPEN), str(tmp_path / "given")],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 300_000
