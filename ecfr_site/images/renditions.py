"""Which renditions of an image there are, where they lie, and how they are made."""

from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO

from PIL import Image as Pillow

FORMATS = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
_OPTIONS = {
    "avif": {"format": "AVIF", "quality": 58, "speed": 7},
    "webp": {"format": "WEBP", "quality": 78, "method": 4},
    "jpg": {"format": "JPEG", "quality": 80, "progressive": True, "optimize": True},
}


@dataclass(frozen=True)
class Shape:
    """A crop in some widths, in pixels; without a ratio the picture's own."""

    widths: tuple[int, ...]
    ratio: Fraction | None = None

    def crop(self, width: int, height: int, focal_x: int = 50, focal_y: int = 50):
        """The largest crop of a picture as (left, top, right, bottom).

        As near as can be to centred on the focal point, which is given in per cent.
        """
        wide, high = width, height
        if self.ratio and width > height * self.ratio:
            wide = max(1, round(height * self.ratio))
        elif self.ratio:
            high = max(1, min(height, round(width / self.ratio)))
        left = _start(width, wide, focal_x)
        top = _start(height, high, focal_y)
        return left, top, left + wide, top + high

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        """The (width, height) of each rendition, smallest first; never enlarged."""
        left, top, right, bottom = self.crop(width, height)
        wide, high = right - left, bottom - top
        widths = [w for w in self.widths if w <= wide] or [wide]
        return [(w, max(1, round(w * high / wide))) for w in widths]


def _start(whole: int, part: int, focal: int) -> int:
    return min(max(0, round(whole * focal / 100 - part / 2)), whole - part)


SHAPES = {
    "full": Shape((480, 960, 1600)),
    "card": Shape((360, 720), Fraction(3, 2)),
    "square": Shape((160, 320), Fraction(1)),
}


def rendition_folder(image_id, fingerprint="") -> str:
    return f"renditions/{image_id}/{fingerprint}".rstrip("/")


def rendition_name(image_id, fingerprint, shape, width, extension) -> str:
    return f"{rendition_folder(image_id, fingerprint)}/{shape}-{width}.{extension}"


def render(picture: Pillow.Image, focal_x: int, focal_y: int):
    """Yield (shape, width, extension, content) for each rendition of a set."""
    # Formats without transparency show it as paper.
    if picture.mode == "RGBA":
        paper = Pillow.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        picture = paper
    picture = picture.convert("RGB")
    for name, shape in SHAPES.items():
        crop = shape.crop(*picture.size, focal_x, focal_y)
        for size in shape.sizes(*picture.size):
            small = picture.resize(size, Pillow.Resampling.LANCZOS, box=crop)
            for extension, options in _OPTIONS.items():
                content = BytesIO()
                small.save(content, **options)
                yield name, size[0], extension, content.getvalue()
