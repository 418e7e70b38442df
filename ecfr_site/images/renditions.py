"""Renditions: shapes, names and rendering."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from typing import Any

from PIL import Image as Pillow
from PIL import ImageChops, ImageStat

FORMATS = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
# Behind a transparent image: what it stands out from.
GROUNDS = {"light": "#ffffff", "dark": "#11171a"}
# What Pillow takes for each format.
_OPTIONS: dict[str, dict[str, Any]] = {
    "avif": {"format": "AVIF", "quality": 58, "speed": 7},
    "webp": {"format": "WEBP", "quality": 78, "method": 4},
    "jpg": {"format": "JPEG", "quality": 80, "progressive": True, "optimize": True},
    "png": {"format": "PNG", "optimize": True},
}


@dataclass(frozen=True)
class Shape:
    """A crop in some widths, in pixels; without a ratio the image's own."""

    widths: tuple[int, ...]
    ratio: Fraction | None = None

    def crop(
        self, width: int, height: int, focal_x: int = 50, focal_y: int = 50
    ) -> tuple[int, int, int, int]:
        """The largest crop of an image as (left, top, right, bottom).

        As near as can be to centred on the focal point, which is given in per cent.
        """
        wide, high = width, height
        if self.ratio and width > height * self.ratio:
            wide = max(1, round(height * self.ratio))
        elif self.ratio:
            high = max(1, min(height, round(width / self.ratio)))
        left = _find_start(width, wide, focal_x)
        top = _find_start(height, high, focal_y)
        return left, top, left + wide, top + high

    @lru_cache(maxsize=4096)  # noqa: B019 (there are three shapes)
    def sizes(self, width: int, height: int) -> tuple[tuple[int, int], ...]:
        """The (width, height) of each rendition, smallest first; never enlarged."""
        left, top, right, bottom = self.crop(width, height)
        wide, high = right - left, bottom - top
        widths = [w for w in self.widths if w <= wide] or [wide]
        return tuple((w, max(1, round(w * high / wide))) for w in widths)


def _find_start(whole: int, part: int, focal: int) -> int:
    return min(max(0, round(whole * focal / 100 - part / 2)), whole - part)


SHAPES = {
    "full": Shape((480, 960, 1600)),
    "card": Shape((360, 720), Fraction(3, 2)),
    "square": Shape((160, 320), Fraction(1)),
}


def rendition_folder(image_id: int, fingerprint: str = "") -> str:
    return f"renditions/{image_id}/{fingerprint}".rstrip("/")


def rendition_set(fingerprint: str, ground: str) -> str:
    """The folder of a set: an address that is cached for ever never changes content."""
    return f"{fingerprint}-alpha" if ground in GROUNDS else fingerprint


def rendition_name(
    image_id: int, fingerprint: str, shape: str, width: int, extension: str
) -> str:
    folder = rendition_folder(image_id, fingerprint)
    return f"{folder}/{rendition_file(shape, width, extension)}"


def rendition_file(shape: str, width: int, extension: str) -> str:
    return f"{shape}-{width}.{extension}"


def choose_ground(picture: Pillow.Image) -> str:
    """The key of GROUNDS that a transparent image needs; "none" for an opaque one.

    Dark if most of what can be seen is nearly white, as in a logo for dark paper.
    """
    if picture.mode != "RGBA" or picture.getchannel("A").getextrema()[0] == 255:
        return "none"
    alpha = picture.getchannel("A")
    light = picture.convert("L").point(lambda value: 255 * (value >= 192))
    seen = ImageStat.Stat(alpha).sum[0]
    bright = ImageStat.Stat(ImageChops.multiply(light, alpha)).sum[0]
    return "dark" if bright * 2 > seen else "light"


def render(
    picture: Pillow.Image, focal_x: int, focal_y: int
) -> Iterator[tuple[str, int, str, bytes]]:
    """Yield (shape, width, extension, content) for each rendition of a set.

    A transparent image has PNG too, and stands on its ground in JPEG, for social cards
    and e-mail.
    """
    ground = choose_ground(picture)
    transparent = ground in GROUNDS
    picture = picture.convert("RGBA" if transparent else "RGB")
    for name, shape in SHAPES.items():
        crop = shape.crop(*picture.size, focal_x, focal_y)
        for size in shape.sizes(*picture.size):
            small = picture.resize(size, Pillow.Resampling.LANCZOS, box=crop)
            for extension, options in _OPTIONS.items():
                if extension == "png" and not transparent:
                    continue
                flat = transparent and extension == "jpg"
                shown = _paste_on_ground(small, GROUNDS[ground]) if flat else small
                content = BytesIO()
                shown.save(content, **options)
                yield name, size[0], extension, content.getvalue()


def _paste_on_ground(picture: Pillow.Image, colour: str) -> Pillow.Image:
    ground = Pillow.new("RGB", picture.size, colour)
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground
