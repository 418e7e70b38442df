"""Who publishes, in the demonstration: people as busts, institutions as emblems."""

from math import cos, pi, sin

from ecfr_site.demo.printing import box, disc, line, mix, moved, polygon, sector, smooth

SKIN = ["#f1cfb2", "#e6b792", "#d29a72", "#b57d57", "#8a5a3d", "#efc3a0"]
HAIR = ["#2b2429", "#46302a", "#70452c", "#b4864c", "#8f9093", "#9c4b2b", "#d8d0c2"]

# The head: an oval about a middle, which hair and clothes are drawn around.
X, Y, HALF, HIGH = 750, 620, 212, 278


def ground(sheet, tone, figure):
    """A coloured ground with one geometric figure behind the head."""
    chance = sheet.random
    whole = box(0, 0, 1500, 1500)
    sheet.lay(whole, tone)
    side = chance.choice([-1, 1])
    figures = {
        "disc": disc(X + side * 150, Y - 20, 520),
        "arch": box(290, 640, 1210, 1500) + sector(X, 640, 460, 0, 180, 360),
        "quarter": sector(X - side * 750, 1500, 1180, 0, 180, 360),
        "rings": sum((ring(X, Y, r) for r in (420, 560, 700, 840)), []),
        "bars": sum((box(x, 0, x + 110, 1500) for x in range(60, 1500, 220)), []),
        "hill": polygon(*smooth(HILL), (1509, 1509), (-9, 1509)),
    }
    name = chance.choice(list(figures))
    if name in ("bars", "rings"):
        figure = mix(figure, tone, 0.45)
    sheet.lay(figures[name], figure)
    sheet.lay(figures[name], tone, fade="up", strength=0.6)
    sheet.lay(whole, sheet.palette.ink, fade="up", strength=0.2)


HILL = [(-9, 900), (420, 640), (900, 980), (1509, 560)]


def ring(x, y, radius):
    return sector(x, y, radius, radius - 62, 0, 359.9)


def bust(sheet, style):
    """A person; `style` is one of the `STYLES` of hair."""
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    grounds = [
        (mix(cool, paper, 0.25), mix(glow, paper, 0.3)),
        (mix(glow, paper, 0.3), warm),
    ]
    grounds += [(mix(warm, paper, 0.15), glow), (mix(ink, cool, 0.5), cool)]
    grounds += [(mix(paper, cool, 0.25), mix(warm, paper, 0.2))]
    tone, figure = chance.choice(grounds)
    ground(sheet, tone, figure)
    skin, hair = chance.choice(SKIN), chance.choice(HAIR)
    if SKIN.index(skin) in (3, 4):
        hair = chance.choice([HAIR[0], HAIR[0], HAIR[4]])
    side = chance.choice([-1, 1])
    back, front = STYLES[style](side)
    shade = mix(skin, mix(ink, warm, 0.25), 0.42)
    sheet.lay(back, hair)
    sheet.lay(back, mix(hair, ink, 0.6), fade="up", strength=0.6)
    neck = polygon(
        (652, 780), (848, 780), (856, 1010), (900, 1130), (600, 1130), (644, 1010)
    )
    sheet.lay(neck, skin)
    sheet.lay(neck, shade, fade="down")
    clothes(sheet, side, mix(skin, shade, 0.7))
    for ear in (-1, 1):
        sheet.lay(disc(X + ear * (HALF - 4), Y + 46, 34, 56), mix(skin, shade, 0.5))
    face = disc(X, Y, HALF, HIGH)
    sheet.lay(face, skin)
    sheet.lay(profile(side), shade)
    sheet.lay(face, warm, fade="up", strength=0.22)
    if style in BEARDED and chance.random() < 0.75:
        beard = sector(X, Y + 8, HALF + 5, 0, 2, 178, (HIGH + 8) / HALF)
        mouth = disc(X, Y + 66, 150, 92) + box(X - 300, Y - 99, X + 300, Y + 44)
        sheet.lay(beard, hair, cut=mouth)
        sheet.lay(line(smooth([(672, 772), (750, 746), (828, 772)]), 30), hair)
    sheet.lay(front, hair)
    sheet.lay(front, paper, fade="right" if side > 0 else "left", strength=0.22)
    if chance.random() < 0.4:
        glasses(sheet, side)


def profile(side):
    """The half of the face that lies in shadow, with the shadow of the nose."""
    edge = [
        (6, -300),
        (10, -60),
        (-46, 96),
        (-34, 118),
        (4, 122),
        (-8, 150),
        (-20, 172),
    ]
    edge += [(-4, 196), (-14, 222), (6, 300)]
    inner = [(X + dx * side, Y + dy) for dx, dy in edge]
    arc = sector(X, Y, HALF, 0, -90, 90, HIGH / HALF)[0][:-1]
    rim = [(X + (x - X) * side, y) for x, y in arc][::-1]
    inside = [(x, y) for x, y in inner if abs(y - Y) < HIGH - 4]
    return polygon(*inside, *rim)


def glasses(sheet, side):
    ink = sheet.palette.ink
    for eye in (-1, 1):
        x, y = X + eye * 92, Y + 8
        sheet.lay(disc(x, y, 74, 66), sheet.palette.paper, strength=0.25)
        sheet.lay(disc(x, y, 78, 70), ink, cut=disc(x, y, 66, 58))
        sheet.lay(line([(X + eye * 168, y - 14), (X + eye * 214, y - 26)], 12), ink)
    sheet.lay(line(smooth([(732, 622), (750, 612), (768, 622)], 2), 12), ink)


def clothes(sheet, side, skin):
    """A jacket with lapels, a round neck, or a roll neck."""
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    outer = [(80, 1509), (120, 1290), (270, 1180), (560, 1090), (640, 1040)]
    torso = smooth([*outer, *[(1500 - x, y) for x, y in reversed(outer)]], 3)
    cloth = chance.choice(
        [ink, mix(ink, cool, 0.4), warm, mix(cool, ink, 0.25), mix(ink, warm, 0.3)]
    )
    kind = chance.choice(["jacket", "jacket", "round", "roll"])
    whole = polygon(*torso)
    sheet.lay(whole, cloth)
    sheet.lay(whole, mix(cloth, ink, 0.7), fade="up", strength=0.8)
    dark = mix(cloth, "#000000", 0.35)
    if kind == "jacket":
        shirt = chance.choice([paper, mix(paper, cool, 0.4), glow])
        sheet.lay(polygon((622, 1052), (878, 1052), (770, 1509), (730, 1509)), shirt)
        for flip in (-1, 1):
            lapel = [
                (-128, 1040),
                (-176, 1180),
                (-120, 1196),
                (-150, 1236),
                (-14, 1509),
            ]
            lapel += [(0, 1509), (-86, 1180)]
            points = [(X + x * flip, y) for x, y in lapel]
            sheet.lay(
                polygon(*points), mix(cloth, paper, 0.13) if flip == side else dark
            )
            collar = [(-126, 1010), (-128, 1052), (-70, 1150), (0, 1110)]
            points = [(X + x * flip, y) for x, y in collar]
            sheet.lay(polygon(*points), mix(shirt, ink, 0.12 if flip == side else 0.28))
        if chance.random() < 0.4:
            sheet.lay(polygon((724, 1118), (776, 1118), (792, 1509), (708, 1509)), warm)
    if kind == "round":
        sheet.lay(disc(X, 1040, 150, 96), dark)
        sheet.lay(disc(X, 1026, 128, 84), skin)
    if kind == "roll":
        collar = box(628, 930, 872, 1074) + disc(X, 1074, 122, 34)
        sheet.lay(collar, cloth)
        sheet.lay(collar, dark, fade="down" if chance.random() < 0.5 else "left")


# Hair: what hangs behind the head and what lies on it. The light comes from `side`.


def cap(grow=20, brow=-96, curve=190):
    """Hair on the skull down to a hairline, `brow` from the head's middle."""
    skull = disc(X, Y, HALF + grow, HIGH + grow)[0]
    hairline = disc(X, Y + brow + curve, HALF - 8, curve)[0]
    outer = sorted(point for point in skull if point[1] <= Y - 10)
    inner = sorted((point for point in hairline if point[1] <= Y - 6), reverse=True)
    return [[*outer, *inner]]


def short(side):
    return [], cap()


def parted(side):
    top = [(-226, 20), (-238, -150), (-170, -300), (0, -352), (150, -322), (240, -180)]
    top += [(228, 20), (206, -40), (196, -120), (60, -176), (-96, -150), (-190, -60)]
    points = [(X + x * side, Y + y) for x, y in top]
    return [], polygon(*smooth([*points, points[0]], 3))


def swept(side):
    top = [(-222, 10), (-236, -170), (-150, -330), (40, -400), (220, -350), (262, -200)]
    top += [(226, 10), (204, -60), (150, -190), (-30, -210), (-150, -170), (-200, -60)]
    points = [(X + x * side, Y + y) for x, y in top]
    return [], polygon(*smooth([*points, points[0]], 3))


def bald(side):
    rim = sector(X, Y, HALF + 14, HALF - 26, 150, 200, HIGH / HALF)
    return [], rim + [[(1500 - x, y) for x, y in rim[0]]]


def fringe(side):
    back = disc(X, Y + 20, 286, 330) + box(464, Y, 1036, 980)
    back += disc(540, 970, 76) + disc(960, 970, 76) + box(540, 960, 960, 1046)
    return back, cap(grow=36, brow=-70, curve=150)


def waves(side):
    back = disc(X, Y - 20, 282, 330)
    for step in range(9):
        y = Y + step * 72
        back += disc(X - 236 - step % 2 * 34 - step * 6, y, 96)
        back += disc(X + 236 + step % 2 * 34 + step * 6, y, 96)
    back += box(500, Y, 1000, 1200)
    top = [(-214, 60), (-250, -160), (-120, -330), (60, -350), (220, -260), (246, 60)]
    top += [(206, -20), (150, -150), (-40, -250), (-150, -120), (-196, 0)]
    points = [(X + x * side, Y + y) for x, y in top]
    return back, polygon(*smooth([*points, points[0]], 3))


def knot(side):
    back = disc(X + side * 40, Y - 350, 118)
    return back, cap(grow=26, brow=-120, curve=170)


def long(side):
    back = [[(X + x, Y + y) for x, y in smooth(LONG)]]
    top = [(-212, 130), (-256, -120), (-160, -320), (0, -346), (160, -320), (256, -120)]
    top += [(212, 130), (196, -60), (120, -200), (20, -268), (-20, -268), (-120, -200)]
    top += [(-196, -60)]
    points = [(X + x, Y + y) for x, y in top]
    return back, polygon(*smooth([*points, points[0]], 3))


LONG = [(-330, 640), (-320, 300), (-290, -160), (-180, -330), (0, -360), (180, -330)]
LONG += [(290, -160), (320, 300), (330, 640), (-330, 640)]


def curls(side):
    back, front = [], []
    for step in range(22):
        angle = (160 + step * 220 / 21) * pi / 180
        radius = 78 + step * 37 % 29
        across, down = cos(angle), sin(angle)
        back += disc(X + across * 268, Y - 30 + down * 296, radius)
        if down < -0.26:
            front += disc(X + across * 200, Y - 30 + down * 268, radius * 0.86)
    return back + disc(X, Y - 40, 262, 290), front


STYLES = {
    "short": short,
    "parted": parted,
    "swept": swept,
    "bald": bald,
    "fringe": fringe,
    "waves": waves,
    "knot": knot,
    "long": long,
    "curls": curls,
}
BEARDED = ["short", "bald", "swept"]


# Emblems are laid of tiles; a tile is a shape in a square of that size.


def quarter(size):
    return sector(0, 0, size, 0, 0, 90)


def bow(size):
    return sector(0, 0, size, size * 0.55, 0, 90) + sector(0, 0, size * 0.28, 0, 0, 90)


def half(size):
    return sector(size / 2, size, size / 2, 0, 180, 360)


def dot(size):
    return disc(size / 2, size / 2, size * 0.32)


def steps(size):
    part = size / 4
    return [
        p for n in range(4) for p in box(n * part, size - (n + 1) * part, size, size)
    ]


def stripes(size):
    return [
        p for n in range(3) for p in box(0, size * n / 3, size, size * (n + 0.5) / 3)
    ]


def corner(size):
    return polygon((0, 0), (size, 0), (0, size))


TILES = [quarter, quarter, bow, half, dot, steps, stripes, corner]


def emblem(sheet):
    """A crest of plain figures, the same seen from each side."""
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    tone = chance.choice([ink, mix(ink, cool, 0.35), mix(paper, glow, 0.4), warm])
    whole = box(0, 0, 1500, 1500)
    sheet.lay(whole, tone)
    sheet.lay(whole, mix(tone, ink, 0.6), fade="up", strength=0.5)
    colours = [colour for colour in (paper, cool, warm, glow, ink) if colour != tone]
    size = 285
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        back, figure = chance.sample(colours, 2)
        figures = moved(chance.choice(TILES)(size), -size / 2, -size / 2)
        figures = moved(figures, turn=chance.choice([0, 90, 180, 270]))
        x, y = (0.5 + column) * size, (0.5 + row) * size
        square = moved(box(-142, -142, 142, 142), x, y)
        for turn in (0, 90, 180, 270):
            sheet.lay(moved(square, X, X, turn=turn), back)
            tile = moved(moved(figures, x, y), X, X, turn=turn)
            sheet.lay(tile, figure)
            sheet.lay(tile, back, fade="down", strength=0.28)
