"""A small press: flat shapes laid over one another, with the grain of a risograph."""

from functools import cache
from math import cos, pi, sin
from random import Random
from typing import NamedTuple

from PIL import Image, ImageChops, ImageColor, ImageDraw

# Sheets are measured in units, whatever their size in pixels.
WIDTH = 1500

FADES = {
    "up": None,
    "down": Image.Transpose.ROTATE_180,
    "left": Image.Transpose.ROTATE_90,
    "right": Image.Transpose.ROTATE_270,
}


class Palette(NamedTuple):
    paper: str
    ink: str
    cool: str
    warm: str
    glow: str


PALETTES = [
    Palette("#f3ead7", "#17304b", "#6d98a3", "#cf4f33", "#e9b44c"),
    Palette("#efe8da", "#1e3a34", "#86a58c", "#d0662f", "#e8c267"),
    Palette("#f4e9dc", "#2c2746", "#8d93b3", "#c8472f", "#eba94b"),
    Palette("#f0e6d0", "#243447", "#b9a06a", "#a93b2a", "#e3b65b"),
    Palette("#ede9de", "#12333f", "#5c9a94", "#dd7038", "#f0cd7d"),
    Palette("#f2e5d5", "#3d2630", "#b98a78", "#1f6a7d", "#e9b872"),
    Palette("#ebe6d8", "#10233c", "#56789a", "#d4583b", "#e6c163"),
]


def mix(one, other, part):
    """The colour `part` of the way from one to the other."""
    pairs = zip(ImageColor.getrgb(one), ImageColor.getrgb(other), strict=True)
    return "#{:02x}{:02x}{:02x}".format(*(round(a + (b - a) * part) for a, b in pairs))


# Shapes are lists of polygons, so that they can be added.


def box(left, top, right, bottom):
    return [[(left, top), (right, top), (right, bottom), (left, bottom)]]


def polygon(*points):
    return [list(points)]


def disc(x, y, radius, height=None):
    return sector(x, y, radius, 0, 0, 360, (height or radius) / radius)


def sector(x, y, outer, inner, start, end, flat=1.0):
    """A part of a ring; angles in degrees, clockwise from three o'clock."""
    steps = max(8, int((end - start) / 3))
    angles = [(start + (end - start) * i / steps) * pi / 180 for i in range(steps + 1)]
    rim = [(x + outer * cos(a), y + outer * sin(a) * flat) for a in angles]
    hub = [(x + inner * cos(a), y + inner * sin(a) * flat) for a in reversed(angles)]
    return [rim + hub] if inner else [[*rim, (x, y)]]


def line(points, width, end=None):
    """A line as a shape; with `end` it tapers to that width."""
    end = width if end is None else end
    shape = []
    count = max(1, len(points) - 1)
    pairs = zip(points, points[1:], strict=False)
    for number, ((x0, y0), (x1, y1)) in enumerate(pairs):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1
        across, down = (y0 - y1) / length / 2, (x1 - x0) / length / 2
        a = width + (end - width) * number / count
        b = width + (end - width) * (number + 1) / count
        shape.append(
            [
                (x0 + across * a, y0 + down * a),
                (x1 + across * b, y1 + down * b),
                (x1 - across * b, y1 - down * b),
                (x0 - across * a, y0 - down * a),
            ]
        )
        if number and a > 3:
            shape += disc(x0, y0, a / 2)
    return shape


def smooth(points, rounds=4):
    """The open line through about the points, its corners cut off."""
    for _ in range(rounds):
        pairs = list(zip(points, points[1:], strict=False))
        cut = [
            (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part)
            for a, b in pairs
            for part in (0.25, 0.75)
        ]
        points = [points[0], *cut, points[-1]]
    return points


def hanging(start, end, sag, steps=24):
    """A cable between two points."""
    return [
        (
            start[0] + (end[0] - start[0]) * i / steps,
            start[1]
            + (end[1] - start[1]) * i / steps
            + sag * 4 * i / steps * (1 - i / steps),
        )
        for i in range(steps + 1)
    ]


def moved(shape, x=0, y=0, scale=1.0, turn=0.0):
    """A shape drawn around the origin, turned by degrees, sized and put at x, y."""
    a = turn * pi / 180
    return [
        [
            (
                x + scale * (px * cos(a) - py * sin(a)),
                y + scale * (px * sin(a) + py * cos(a)),
            )
            for px, py in points
        ]
        for points in shape
    ]


class Sheet:
    """A picture in the making. `height` is in units too."""

    def __init__(self, size, seed, palette=None):
        self.random = Random(seed)  # noqa: S311
        chosen = self.random.choice(PALETTES)
        self.palette = palette or chosen
        self.image = Image.new("RGB", size, self.palette.paper)
        self.scale = size[0] / WIDTH
        self.height = size[1] / self.scale

    def lay(self, shape, colour, fade=None, cut=(), over=False, strength=1.0):
        """Print a shape without what is `cut` out of it.

        `fade` names the side to which the ink thins out into grain, or "out" for all
        sides. `over` prints transparently, so that what lies below shows through.
        """
        frame = self._frame(shape)
        if frame is None:
            return
        mask = self._mask(shape, cut, frame)
        if fade:
            mask = ImageChops.multiply(mask, self._grain(mask.size, fade, strength))
        elif strength < 1:
            mask = mask.point(lambda value: round(value * strength))
        if over:
            below = self.image.crop(frame)
            ink = Image.new("RGB", below.size, colour)
            self.image.paste(ImageChops.multiply(below, ink), frame, mask)
        else:
            self.image.paste(colour, frame, mask)

    def finished(self):
        """The picture with the tooth of the paper."""
        tooth = _noise(self.image.size).point(lambda value: 240 + value * 12 // 192)
        return ImageChops.multiply(self.image, Image.merge("RGB", [tooth] * 3))

    def _frame(self, shape):
        xs = [x * self.scale for points in shape for x, _ in points]
        ys = [y * self.scale for points in shape for _, y in points]
        if not xs:
            return None
        width, height = self.image.size
        left, right = max(0, int(min(xs)) - 1), min(width, int(max(xs)) + 2)
        top, bottom = max(0, int(min(ys)) - 1), min(height, int(max(ys)) + 2)
        if left >= right or top >= bottom:
            return None
        return left, top, right, bottom

    def _mask(self, shape, cut, frame):
        """Drawn at twice the size, for smooth edges."""
        left, top, right, bottom = frame
        mask = Image.new("L", ((right - left) * 2, (bottom - top) * 2))
        pen = ImageDraw.Draw(mask)
        for part, fill in ((shape, 255), (cut, 0)):
            for points in part:
                pen.polygon(
                    [
                        ((x * self.scale - left) * 2, (y * self.scale - top) * 2)
                        for x, y in points
                    ],
                    fill=fill,
                )
        return mask.reduce(2)

    def _grain(self, size, fade, strength):
        if fade == "out":
            tone = ImageChops.invert(Image.radial_gradient("L"))
        else:
            tone = Image.linear_gradient("L")
            tone = tone.transpose(FADES[fade]) if FADES[fade] is not None else tone
        tone = tone.point(lambda value: round(value * strength))
        x, y = self.random.randrange(97), self.random.randrange(89)
        noise = ImageChops.offset(_noise(self.image.size), x, y).crop((0, 0, *size))
        dots = ImageChops.subtract(tone.resize(size), noise, 1, 128)
        return dots.point(lambda value: max(0, min(255, (value - 128) * 3 // 2 + 128)))


@cache
def _noise(size):
    """Grain somewhat coarser than a pixel, the same each time."""
    width, height = round(size[0] * 0.8), round(size[1] * 0.8)
    grain = Random("grain").randbytes(width * height)  # noqa: S311
    noise = Image.frombytes("L", (width, height), grain).resize(size)
    return noise.point(lambda value: 64 + value // 2)
