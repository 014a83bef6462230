"""Sample pictures: a harbour at several hours of the day, in the formats that people have."""

import random
import zipfile
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
ORIENTATION = 0x0112  # EXIF
TURNED_LEFT = 6  # "turn clockwise to show"

DAWN = ((38, 50, 92), (240, 160, 120))
NOON = ((60, 130, 200), (205, 230, 245))
DUSK = ((58, 30, 84), (250, 120, 70))
NIGHT = ((8, 12, 32), (40, 56, 96))


def write_samples(folder: Path) -> list[Path]:
    """Draw them into `folder`, which is made; the files in the order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [
        _noon(folder / "harbour.jpg"),
        _poster(folder / "printed-poster.jpg"),
        _phone(folder / "phone-upright.jpg"),
        _panorama(folder / "panorama.webp"),
        _logo(folder / "logo-transparent.png"),
        _diagram(folder / "palette.png"),
        _lighthouse(folder / "lighthouse.gif"),
        _grey(folder / "old-photograph.tif"),
    ]
    broken = folder / "broken.jpg"
    broken.write_bytes(pictures[0].read_bytes()[:9_000])
    album = folder / "album.zip"
    with zipfile.ZipFile(album, "w") as archive:
        for path in [*pictures, broken]:
            archive.write(path, f"summer/{path.name}")
    return sorted([*pictures, broken, album])


def _noon(path: Path) -> Path:
    _scene((1600, 1067), NOON, seed=1).save(path, quality=88)
    return path


def _poster(path: Path) -> Path:
    _scene((900, 1350), DUSK, seed=2).convert("CMYK").save(path, quality=85)
    return path


def _phone(path: Path) -> Path:
    """Lies on its side in the file, as phones write it."""
    upright = _scene((900, 1200), DAWN, seed=3)
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED_LEFT
    upright.transpose(Image.Transpose.ROTATE_90).save(path, quality=85, exif=exif)
    return path


def _panorama(path: Path) -> Path:
    _scene((3200, 800), DUSK, seed=4).save(path, quality=80)
    return path


def _logo(path: Path) -> Path:
    logo = Image.new("RGBA", (512, 512))
    draw = ImageDraw.Draw(logo)
    draw.ellipse((16, 16, 496, 496), fill=(20, 90, 140, 230))
    draw.polygon([(256, 70), (256, 340), (120, 340)], fill="white")
    draw.polygon([(270, 130), (270, 340), (390, 340)], fill=(255, 255, 255, 160))
    draw.polygon([(90, 360), (422, 360), (360, 420), (150, 420)], fill=(240, 170, 60, 255))
    logo.save(path)
    return path


def _diagram(path: Path) -> Path:
    _scene((640, 480), DAWN, seed=5).quantize(32).save(path)
    return path


def _lighthouse(path: Path) -> Path:
    frames = []
    for step in range(12):
        frame = _scene((320, 240), NIGHT, seed=6)
        beam = Image.new("L", frame.size)
        reach = 40 + 25 * step
        ImageDraw.Draw(beam).polygon([(70, 96), (reach, 20), (reach + 60, 60)], fill=150)
        beam = beam.filter(ImageFilter.GaussianBlur(6))
        frame.paste((255, 240, 180), mask=beam)
        ImageDraw.Draw(frame).rectangle((64, 92, 76, 180), fill=(230, 230, 235))
        frames.append(frame)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=120, loop=0)
    return path


def _grey(path: Path) -> Path:
    _scene((1000, 700), NOON, seed=7).convert("L").save(path, compression="tiff_lzw")
    return path


def _scene(size: tuple[int, int], sky: tuple[Colour, Colour], seed: int) -> Image.Image:
    """Sky, sun, hills, water and boats; the same for the same seed."""
    chance = random.Random(seed)
    width, height = size
    horizon = int(height * 0.62)
    image = _gradient(size, *sky)
    draw = ImageDraw.Draw(image)
    sun, radius = chance.uniform(0.55, 0.85) * width, height * 0.07
    at = (sun - radius, horizon * 0.5 - radius, sun + radius, horizon * 0.5 + radius)
    draw.ellipse(at, fill=(255, 236, 190))
    for distance in range(3):
        _hills(draw, size, horizon, distance, sky[0], chance)
    _water(image, horizon)
    for _ in range(4):
        _boat(
            draw, chance.uniform(0.1, 0.9) * width, chance.uniform(0.68, 0.9) * height, height
        )
    grain = Image.effect_noise(size, 9).convert("RGB")
    return ImageChops.overlay(image, grain)


def _gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    ramp = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)


def _hills(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    horizon: int,
    distance: int,
    sky: Colour,
    chance: random.Random,
) -> None:
    width, height = size
    points = [(0.0, float(horizon))]
    rise = height * (0.16 - 0.04 * distance)
    for step in range(25):
        points.append((width * step / 24, horizon - rise * chance.uniform(0.3, 1)))
    points.append((float(width), float(horizon)))
    red, green, blue = sky
    shade = 70 - 25 * distance
    draw.polygon(points, fill=(red // 2 + shade, green // 2 + shade, blue // 2 + shade))


def _water(image: Image.Image, horizon: int) -> None:
    """The upper half, upside down, flattened and darker."""
    width, height = image.size
    above = image.crop((0, 0, width, horizon)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    below = above.resize((width, height - horizon)).filter(ImageFilter.GaussianBlur(3))
    image.paste(below.point(lambda level: int(level * 0.72)), (0, horizon))


def _boat(draw: ImageDraw.ImageDraw, x: float, y: float, height: int) -> None:
    long = height * 0.05 * y / height
    draw.polygon(
        [
            (x - long, y),
            (x + long, y),
            (x + long * 0.6, y + long * 0.4),
            (x - long * 0.6, y + long * 0.4),
        ],
        fill=(90, 40, 30),
    )
    draw.polygon(
        [(x, y - long * 1.8), (x, y - 2), (x + long * 0.8, y - 2)], fill=(250, 250, 245)
    )
