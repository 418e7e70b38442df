"""Landscapes of the demonstration's illustrations, one function a motif.

Each draws on a sheet of 1500 units by about 1000, in the sheet's palette and with its
chance, from the back to the front.
"""

from math import pi, sin

from ecfr_site.demo.printing import (
    box,
    disc,
    hanging,
    line,
    mix,
    moved,
    polygon,
    sector,
    smooth,
)

EDGE = 40


def sky(sheet, low, high, sun=None):
    """The whole ground: `low` at the horizon, grain of `high` from above; the sun."""
    whole = box(0, 0, 1500, sheet.height)
    sheet.lay(whole, low)
    sheet.lay(whole, high, fade="down")
    if sun:
        x, y, radius = sun
        sheet.lay(disc(x, y, radius), sheet.palette.warm)
        sheet.lay(disc(x, y, radius), sheet.palette.glow, fade="up", strength=0.8)


def rolling(sheet, level, swing, waves=2):
    """Land below a soft line around `level`."""
    chance = sheet.random
    parts = [
        (chance.uniform(0.6, 1) * swing / (n + 1), n + 1, chance.uniform(0, 2 * pi))
        for n in range(waves)
    ]
    top = [
        (x, level - sum(a * sin(x / 1500 * 2 * pi * n + p) for a, n, p in parts))
        for x in range(-EDGE, 1500 + EDGE + 1, 20)
    ]
    return top, polygon(*top, (1540, sheet.height + 9), (-EDGE, sheet.height + 9))


def jagged(sheet, points, rough):
    """A ridge through the points, broken like rock."""
    for _ in range(6):
        split = [points[0]]
        for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
            x = x0 + (x1 - x0) * sheet.random.uniform(0.38, 0.62)
            split += [(x, (y0 + y1) / 2 + sheet.random.uniform(-rough, rough))]
            split += [(x1, y1)]
        points, rough = split, rough * 0.5
    return points


def glints(sheet, x, top, bottom, width, colour):
    """The light's path on water."""
    y, step = top, 9
    while y < bottom:
        part = (y - top) / (bottom - top)
        half = width * (1 - 0.55 * part) * sheet.random.uniform(0.35, 1)
        shift = sheet.random.uniform(-0.25, 0.25) * width
        ends = (x + shift - half, y), (x + shift + half, y)
        sheet.lay(line(ends, 4 + 5 * part), colour)
        y += step + 16 * part


def water(sheet, top, colour, dark):
    sea = box(-EDGE, top, 1540, sheet.height + 9)
    sheet.lay(sea, colour)
    sheet.lay(sea, dark, fade="up")


def ship(x, y, size):
    """Hull and bridge of a freighter, on its way to the right; and its load's place."""
    hull = polygon((-300, -40), (310, -40), (262, 34), (-276, 34))
    house = box(-280, -150, -205, -30) + box(-290, -168, -190, -146)
    house += box(-262, -200, -236, -160)
    return moved(hull, x, y, size), moved(house, x, y, size)


def harbour(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    horizon = chance.randint(640, 690)
    sun = chance.choice([420, 1060])
    sky(sheet, mix(paper, glow, 0.45), mix(paper, cool, 0.75), (sun, 440, 215))
    sheet.lay(rolling(sheet, horizon - 45, 30)[1], mix(paper, cool, 0.8))
    water(sheet, horizon, mix(cool, paper, 0.25), mix(ink, cool, 0.25))
    glints(sheet, sun, horizon + 12, sheet.height - 120, 190, glow)
    hull, house = ship(chance.randint(640, 760), horizon + 34, 1.15)
    left = min(x for x, _ in hull[0])
    for row in range(3):
        for column in range(7 - row):
            colour = chance.choice([warm, glow, paper, mix(ink, cool, 0.4), cool])
            x, y = left + 130 + column * 72 + row * 20, horizon - 12 - row * 34
            sheet.lay(box(x, y - 33, x + 69, y), colour)
    sheet.lay(house, paper)
    sheet.lay(hull, ink)
    sheet.lay(hull, warm, fade="up", strength=0.5)
    for x, size in ((170, 1.0), (1240, 1.12)):
        crane(sheet, x, horizon + 84, size, 1 if x < 700 else -1)
    quay = box(-EDGE, horizon + 84, 360, sheet.height + 9)
    quay += box(1050, horizon + 84, 1540, sheet.height + 9)
    sheet.lay(quay, ink)
    for x in range(0, 1500, 60):
        if x < 330 or x > 1060:
            sheet.lay(box(x, horizon + 100, x + 34, horizon + 106), mix(ink, cool, 0.5))


def crane(sheet, x, y, size, facing):
    """A gantry crane: legs, boom over the water, stays, cabin."""
    colour = sheet.palette.ink

    def at(shape):
        flip = [[(px * facing, py) for px, py in points] for points in shape]
        return moved(flip, x, y, size)

    legs = line([(-85, 0), (-55, -330)], 17) + line([(85, 0), (55, -330)], 17)
    legs += line([(-72, -140), (72, -140)], 12) + line([(-64, -235), (66, -140)], 7)
    legs += box(-62, -345, 62, -322) + line([(0, -340), (10, -520)], 14)
    boom = line([(-190, -330), (430, -330)], 19)
    stays = line([(10, -518), (415, -334)], 5) + line([(10, -518), (215, -334)], 5)
    stays += line([(10, -518), (-180, -334)], 5)
    sheet.lay(at(legs + boom + stays), colour)
    sheet.lay(at(box(120, -322, 168, -286)), sheet.palette.warm)
    sheet.lay(at(line([(250, -322), (250, -205)], 4)), colour)
    sheet.lay(at(box(214, -205, 286, -168)), sheet.palette.glow)


def pylons(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    sun = chance.choice([380, 1120])
    sky(sheet, mix(paper, glow, 0.4), mix(paper, cool, 0.6), (sun, 470, 190))
    tones = [mix(paper, cool, 0.55), cool, mix(cool, ink, 0.45), mix(cool, ink, 0.78)]
    feet = [(1250, 610, 0.36), (1010, 660, 0.52), (650, 760, 0.86), (150, 960, 1.5)]
    if sun < 700:
        feet = [(1500 - x, y, size) for x, y, size in feet]
    arms = []
    for tone, (x, y, size) in zip(tones, feet, strict=True):
        _, land = rolling(sheet, y - 18, 26 + 40 * size)
        arms.append(pylon(sheet, x, y + 12, size, mix(ink, tone, 0.25)))
        sheet.lay(land, tone)
        sheet.lay(land, ink, fade="up", strength=0.45)
    beyond = [(x + (1650 if sun < 700 else -1650), y - 420) for x, y in arms[-1]]
    for near, far in zip([*arms[1:], beyond], arms, strict=True):
        for start, end in zip(far, near, strict=True):
            sag = abs(end[0] - start[0]) * 0.055
            sheet.lay(line(hanging(start, end, sag), 2.2, 3.4), ink)


def pylon(sheet, x, y, size, colour):
    """A lattice mast; returns where its cables hang."""
    at = [(-78, 0), (-30, -300), (-13, -560)]
    mast = line(at, 7) + line([(-px, py) for px, py in at], 7)
    levels = [(78, 0), (58, -120), (40, -235), (29, -310), (24, -390), (18, -470)]
    levels += [(13, -560)]
    for (a, low), (b, high) in zip(levels, levels[1:], strict=False):
        mast += line([(-a, low), (b, high)], 4) + line([(a, low), (-b, high)], 4)
    tips = []
    for reach, level in ((105, -330), (140, -420), (95, -505)):
        mast += line([(-reach, level), (0, level - 34)], 5)
        mast += line([(reach, level), (0, level - 34)], 5)
        mast += line([(-reach, level), (reach, level)], 6)
        tips += [(-reach, level + 20), (reach, level + 20)]
        mast += box(-reach - 2, level, -reach + 2, level + 20)
        mast += box(reach - 2, level, reach + 2, level + 20)
    mast += line([(-13, -560), (0, -610), (13, -560)], 5)
    sheet.lay(moved(mast, x, y, size), colour)
    return [(x + px * size, y + py * size) for px, py in tips]


def mountains(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    sun = chance.choice([330, 1180])
    sky(sheet, mix(paper, glow, 0.5), mix(paper, cool, 0.55), (sun, 300, 130))
    far = [(-40, 600), (300, 430), (560, 560), (860, 400), (1200, 540), (1540, 420)]
    sheet.lay(below(sheet, jagged(sheet, far, 60)), mix(paper, cool, 0.5))
    peak = chance.randint(620, 880)
    massif = jagged(sheet, [(60, 760), (peak, 170), (1440, 760)], 46)
    rock = polygon(*massif)
    tone = mix(cool, ink, 0.55)
    sheet.lay(rock, mix(paper, glow, 0.12))
    top = min(massif, key=lambda point: point[1])
    spine = [(top[0] + dx, top[1] + dy) for dx, dy in SPINE]
    side = 1 if sun < 700 else -1
    spine = [(top[0] + (x - top[0]) * side, y) for x, y in spine]
    shaded = [point for point in massif if (point[0] - top[0]) * side > 0]
    shaded = shaded if side > 0 else shaded[::-1]
    sheet.lay(polygon(*spine[::-1], *shaded), tone)
    for x, y, wide, high in ((-150, 190, 60, 190), (-265, 330, 70, 150)):
        crag = [
            (0, 0),
            (wide, high * 0.5),
            (wide * 0.3, high),
            (-wide * 0.4, high * 1.3),
        ]
        crag += [(-wide * 0.1, high * 0.6)]
        points = [(top[0] + (x + px) * side, top[1] + y + py) for px, py in crag]
        sheet.lay(polygon(*points), mix(cool, paper, 0.25))
    sheet.lay(rock, mix(cool, ink, 0.3), fade="up", strength=0.75)
    levels = [(700, 26, mix(cool, ink, 0.35)), (800, 44, mix(cool, ink, 0.62))]
    for level, swing, tone in levels:
        _, land = rolling(sheet, level, swing, 3)
        sheet.lay(land, tone)
        sheet.lay(land, ink, fade="up", strength=0.6)
    for x in range(-20, 1540, 34):
        tall = chance.uniform(40, 120) * (0.6 + abs(x - 760) / 900)
        fir(sheet, x + chance.uniform(-12, 12), sheet.height + 30, tall + 90, ink)


SPINE = [(0, 0), (-24, 110), (38, 190), (-30, 320), (60, 430), (-10, 520), (70, 660)]


def below(sheet, top):
    return polygon(*top, (1540, sheet.height + 9), (-EDGE, sheet.height + 9))


def fir(sheet, x, foot, tall, colour):
    wide = tall * 0.3
    tree = []
    for part in range(4):
        top, low = foot - tall * (1 - part * 0.2), foot - tall * (0.58 - part * 0.19)
        half = wide * (0.42 + part * 0.22)
        tree += polygon((x, top), (x + half, low), (x - half, low))
    sheet.lay(
        [*tree, *box(x - wide * 0.09, foot - tall * 0.1, x + wide * 0.09, foot)], colour
    )


def city(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    moon = chance.choice([360, 1090])
    quay = 770
    sky(sheet, mix(paper, glow, 0.55), mix(paper, cool, 0.8), (moon, 380, 230))
    for tone, low, high, widths in (
        (mix(paper, cool, 0.65), 330, 560, (60, 120)),
        (mix(cool, ink, 0.3), 430, 640, (80, 150)),
        (mix(cool, ink, 0.72), 540, 700, (110, 190)),
    ):
        x = -30
        while x < 1500:
            wide, top = chance.randint(*widths), chance.randint(low, high)
            house(sheet, x, top, wide, quay, tone)
            x += wide + chance.choice([0, 0, 14])
    water(sheet, quay, mix(cool, ink, 0.55), ink)
    sheet.lay(box(-EDGE, quay - 10, 1540, quay + 10), mix(ink, cool, 0.1))
    glints(sheet, moon, quay + 26, sheet.height, 170, glow)
    for _ in range(26):
        x, y = chance.randint(0, 1500), chance.randint(quay + 30, int(sheet.height))
        ends = (x, y), (x + chance.randint(30, 130), y)
        sheet.lay(line(ends, 4), mix(cool, paper, 0.2), strength=0.7)


def house(sheet, left, top, wide, foot, tone):
    """A block with a roof of some kind and a few lit windows."""
    chance = sheet.random
    body = box(left, top, left + wide, foot)
    roof = chance.choice(["flat", "flat", "gable", "step", "mast", "slope", "dome"])
    middle = left + wide / 2
    if roof == "gable":
        body += polygon(
            (left, top + 1), (middle, top - wide * 0.5), (left + wide, top + 1)
        )
    if roof == "step":
        body += box(left + wide * 0.2, top - 34, left + wide * 0.8, top + 1)
    if roof == "mast":
        body += box(middle - 22, top - 24, middle + 22, top + 1)
        body += box(middle - 3, top - 130, middle + 3, top)
    if roof == "slope":
        body += polygon((left, top + 1), (left, top - 50), (left + wide, top + 1))
    if roof == "dome":
        body += sector(middle, top + 1, wide * 0.38, 0, 180, 360)
    sheet.lay(body, tone)
    sheet.lay(
        box(left + wide * 0.66, top, left + wide, foot), sheet.palette.ink, strength=0.2
    )
    columns = max(2, int(wide / 30))
    gap = wide / columns
    for row in range(int((foot - top - 30) / 38)):
        for column in range(columns):
            if chance.random() < 0.3:
                x, y = left + gap * (column + 0.3), top + 24 + row * 38
                light = chance.choice([sheet.palette.glow, sheet.palette.paper])
                sheet.lay(box(x, y, x + gap * 0.4, y + 17), light, strength=0.85)


def desert(sheet):
    paper, ink, _, _, glow = sheet.palette
    warm = "#bd6a34"
    chance = sheet.random
    sun = chance.choice([480, 1010])
    sky(sheet, mix(paper, glow, 0.3), mix(glow, warm, 0.25), (sun, 400, 200))
    horizon, land = rolling(sheet, 560, 18, 3)
    sheet.lay(land, mix(glow, warm, 0.3))
    first = chance.randint(22, 38)
    for x, y in horizon[first : first + 20 : 4]:
        sheet.lay(moved(CAMEL, x + chance.randint(-9, 9), y + 4, 0.44), ink)
    for level, swing, depth in ((620, 60, 0.2), (720, 90, 0.5), (860, 80, 0.85)):
        crest = chance.randint(300, 1200)
        left, right = level + chance.randint(10, 60), level + chance.randint(10, 60)
        top = smooth(
            [(-40, left), (crest - 380, left - 20), (crest - 60, level - swing * 1.5)]
            + [(crest, level - swing * 1.6), (crest + 330, right - 20), (1540, right)]
        )
        light = mix(glow, warm, depth * 0.5)
        dune = below(sheet, top)
        sheet.lay(dune, mix(light, paper, 0.15 * (1 - depth)))
        summit = min(top, key=lambda point: point[1])
        far = [point for point in top if point[0] >= summit[0]]
        spine = [summit, (summit[0] - 50, level), (summit[0] + 90, level + 90)]
        spine += [(summit[0] - 120, level + 190), (summit[0] + 30, sheet.height + 9)]
        shade = polygon(*smooth(spine), (1540, sheet.height + 9), *far[::-1])
        sheet.lay(shade, mix(light, ink, 0.35 + 0.35 * depth))
        sheet.lay(shade, ink, fade="right", strength=0.6)
        sheet.lay(dune, warm, fade="up", strength=0.35)


CAMEL = [
    [(-50, -70), (-28, -104), (0, -76), (26, -104), (52, -70), (58, -44), (-52, -44)],
    [(48, -64), (78, -70), (88, -112), (112, -112), (116, -98), (98, -94), (82, -48)],
    [(-48, -50), (-36, -50), (-40, 0), (-48, 0)],
    [(-26, -50), (-16, -50), (-22, 0), (-30, 0)],
    [(30, -50), (40, -50), (36, 0), (28, 0)],
    [(46, -50), (56, -50), (58, 0), (50, 0)],
]


def sea(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    sun, horizon = chance.choice([430, 1070]), 430
    sky(sheet, mix(paper, glow, 0.5), mix(paper, cool, 0.7), (sun, 400, 180))
    water(sheet, horizon, mix(cool, paper, 0.35), cool)
    glints(sheet, sun, horizon + 8, 640, 170, mix(glow, paper, 0.3))
    boat = 1500 - sun + chance.randint(-120, 120)
    sail = polygon((-8, -250), (-8, -30), (-120, -30)) + polygon(
        (6, -225), (6, -30), (84, -30)
    )
    sheet.lay(moved(sail, boat, 590, 0.9), paper)
    sheet.lay(moved(sail[1:], boat, 590, 0.9), warm)
    sheet.lay(
        moved(polygon((-130, -20), (104, -20), (70, 20), (-100, 20)), boat, 590, 0.9),
        ink,
    )
    for number, level in enumerate((590, 665, 750, 850, 950)):
        length = 190 + number * 46
        tone = mix(cool, ink, 0.12 + number * 0.17)
        start = chance.randint(-length, 0)
        crest, rise = [(-300, sheet.height + 9)], 26 + number * 11
        x = start - length
        while x < 1700:
            for step in range(12):
                t = step / 12
                lift = (1 - abs(2 * t - 1) ** 1.7) * rise
                crest.append((x + t * length, level - lift))
            x += length
        wave = polygon(*crest, (1800, sheet.height + 9))
        sheet.lay(moved(wave, 0, -7), mix(paper, tone, 0.25), strength=0.9)
        sheet.lay(wave, tone)
        sheet.lay(wave, ink, fade="up", strength=0.45)


def border(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    side = chance.choice([1, -1])

    def at(shape):
        return [[(750 + (x - 750) * side, y) for x, y in points] for points in shape]

    sky(
        sheet,
        mix(paper, glow, 0.35),
        mix(paper, cool, 0.7),
        (750 - 330 * side, 400, 150),
    )
    for level, tone in ((520, mix(paper, cool, 0.6)), (580, mix(cool, ink, 0.2))):
        _, land = rolling(sheet, level, 34)
        sheet.lay(land, tone)
        sheet.lay(land, ink, fade="up", strength=0.3)
    plain = box(-EDGE, 640, 1540, sheet.height + 9)
    sheet.lay(plain, mix(cool, ink, 0.35))
    sheet.lay(plain, ink, fade="up", strength=0.6)
    road = polygon((560, 640), (596, 640), (1080, 1010), (180, 1010))
    sheet.lay(at(road), mix(ink, paper, 0.16))
    for near in (0.02, 0.12, 0.26, 0.48, 0.78):
        y, wide, tall = 640 + near * 370, 2 + near * 13, 10 + near * 60
        x = 578 + near * 56
        sheet.lay(
            at(
                polygon(
                    (x, y), (x + wide, y), (x + wide * 1.4, y + tall), (x - 4, y + tall)
                )
            ),
            glow,
        )
    near = [(n / 12) ** 1.8 for n in range(13)]
    posts = [(640 + p * 1000, 640 + p * 250, 34 + p * 330, 2 + p * 9) for p in near]
    for x, y, tall, wide in posts:
        sheet.lay(at(box(x - wide, y - tall, x + wide, y)), ink)
    for height in (0.25, 0.55, 0.85):
        wire = [(x, y - tall * height) for x, y, tall, _ in posts]
        sheet.lay(at(line(wire, 2.5, 4.5)), ink)
    post = box(245, 430, 405, 905)
    sheet.lay(at(box(215, 400, 435, 436)), ink)
    sheet.lay(at(post), mix(paper, glow, 0.2))
    sheet.lay(at(box(345, 436, 405, 905)), mix(paper, ink, 0.35))
    sheet.lay(at(box(268, 500, 332, 600)), mix(cool, ink, 0.5))
    sheet.lay(at(box(268, 500, 332, 600)), glow, fade="up", strength=0.7)
    bar = [(470, 800), (1420, 265)]
    sheet.lay(at(line(bar, 46)), paper)
    for n in range(0, 10, 2):
        ends = [
            (
                bar[0][0] + (bar[1][0] - bar[0][0]) * p / 10,
                bar[0][1] + (bar[1][1] - bar[0][1]) * p / 10,
            )
            for p in (n, n + 1)
        ]
        sheet.lay(at(line(ends, 46)), warm)
    sheet.lay(at(box(428, 740, 512, 925)), ink)
    sheet.lay(at(disc(470, 800, 20)), glow)


def forest(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    sun = chance.choice([520, 980])
    sky(sheet, mix(paper, glow, 0.6), mix(paper, cool, 0.6), (sun, 420, 210))
    for depth, (foot, tall, count) in enumerate(
        ((700, 330, 34), (790, 470, 22), (900, 620, 15), (1070, 720, 11))
    ):
        tone = mix(mix(paper, cool, 0.75), ink, depth * 0.31)
        for n in range(count):
            x = (n + chance.uniform(0.1, 0.9)) * 1640 / count - 70
            if depth > 1 and abs(x - sun) < 110 + depth * 45:
                continue
            fir(sheet, x, foot, tall * chance.uniform(0.6, 1.1), tone)
        _, land = rolling(sheet, foot - 20, 16)
        sheet.lay(land, tone)
        sheet.lay(
            land, mix(paper, glow, 0.5), fade="down", strength=0.32 - depth * 0.07
        )
    deer = [[(-4, -58), (40, -60), (46, -36), (-6, -34)], *DEER]
    sheet.lay(moved(deer, sun, 905, 1.15), mix(ink, "#000000", 0.3))


DEER = [
    [(-4, -38), (4, -38), (0, 0), (-5, 0)],
    [(8, -38), (14, -38), (13, 0), (8, 0)],
    [(30, -38), (36, -38), (36, 0), (31, 0)],
    [(40, -40), (47, -42), (46, 0), (41, 0)],
    [(36, -58), (48, -50), (64, -92), (54, -96)],
    [(50, -98), (66, -102), (80, -90), (78, -85), (56, -86)],
    [(57, -98), (54, -128), (57, -128), (60, -100)],
    [(55, -116), (42, -128), (44, -130), (57, -119)],
    [(63, -98), (72, -126), (75, -125), (66, -97)],
    [(69, -114), (86, -124), (87, -121), (70, -110)],
]


def bridge(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    sun, bank = chance.choice([300, 750, 1200]), 700
    sky(sheet, mix(paper, glow, 0.5), mix(paper, cool, 0.65), (sun, 470, 200))
    sheet.lay(rolling(sheet, bank - 70, 50)[1], mix(paper, cool, 0.6))
    sheet.lay(rolling(sheet, bank - 24, 30)[1], mix(cool, ink, 0.3))
    water(sheet, bank, mix(cool, paper, 0.15), mix(ink, cool, 0.2))
    glints(sheet, sun, bank + 18, sheet.height, 200, glow)
    deck, masts = 610, (390, 1110)
    for x in masts:
        for n in range(1, 12):
            for side in (-1, 1):
                stay = [(x, 180 + n * 17), (x + side * (36 + n * 29), deck)]
                sheet.lay(line(stay, 3), mix(ink, paper, 0.12))
    for x in masts:
        mast = polygon(
            (x - 15, 140), (x + 15, 140), (x + 30, deck + 130), (x - 30, deck + 130)
        )
        sheet.lay(mast, warm)
        sheet.lay(
            polygon(
                (x + 3, 140), (x + 15, 140), (x + 30, deck + 130), (x + 6, deck + 130)
            ),
            mix(warm, ink, 0.4),
        )
        sheet.lay(box(x - 56, deck + 112, x + 56, deck + 150), ink)
        glints(sheet, x, deck + 165, sheet.height, 34, mix(ink, warm, 0.35))
    sheet.lay(box(-EDGE, deck, 1540, deck + 30), ink)
    sheet.lay(box(-EDGE, deck + 6, 1540, deck + 11), glow)
    for _ in range(7):
        x = chance.randint(20, 1440)
        colour = chance.choice([paper, glow, warm])
        sheet.lay(box(x, deck - 22, x + chance.choice([34, 34, 84]), deck), colour)


def wind(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    sun = chance.choice([350, 1150])
    sky(sheet, mix(paper, glow, 0.45), mix(paper, cool, 0.75), (sun, 560, 230))
    for y in (150, 235, 330):
        x, long = chance.randint(0, 1000), chance.randint(200, 420)
        cloud = (
            box(x, y, x + long, y + 26)
            + disc(x, y + 13, 13)
            + disc(x + long, y + 13, 13)
        )
        sheet.lay(cloud, paper, strength=0.75)
    tones = [mix(paper, cool, 0.7), mix(cool, ink, 0.2), mix(cool, ink, 0.55), ink]
    mills = [
        [(230, 0.32), (420, 0.3), (1290, 0.34)],
        [(660, 0.52), (1080, 0.5)],
        [(890, 0.9)],
        [],
    ]
    if sun > 700:
        mills = [[(1500 - x, size) for x, size in row] for row in mills]
    for tone, row, level in zip(tones, mills, (660, 720, 800, 920), strict=True):
        top, land = rolling(sheet, level, 44)
        for x, size in row:
            foot = min(top, key=lambda point: abs(point[0] - x))[1]
            turbine(sheet, x, foot + 20, size, tone)
        sheet.lay(land, tone)
        sheet.lay(land, ink, fade="up", strength=0.4)
    for n in range(9):
        y = 880 + n * 16
        furrow = smooth([(-20, y + 60), (500, y - 10 + n * 4), (1520, y + 50)])
        sheet.lay(line(furrow, 3), mix(ink, cool, 0.45), strength=0.7)


def turbine(sheet, x, foot, size, behind):
    paper = mix(sheet.palette.paper, "#ffffff", 0.4)
    hub = foot - 640 * size
    tower = polygon(
        (x - 6 * size, hub),
        (x + 6 * size, hub),
        (x + 15 * size, foot),
        (x - 15 * size, foot),
    )
    sheet.lay(tower, paper)
    sheet.lay(
        polygon(
            (x + size, hub),
            (x + 6 * size, hub),
            (x + 15 * size, foot),
            (x + 3 * size, foot),
        ),
        mix(paper, behind, 0.55),
    )
    turn = sheet.random.uniform(0, 120)
    blade = [[(0, -12), (60, -24), (360, -3), (360, 2), (40, 10), (0, 8)]]
    for n in range(3):
        sheet.lay(moved(blade, x, hub, size, turn + n * 120), paper)
        sheet.lay(
            moved(
                [[(40, 2), (360, 0), (360, 2), (40, 10)]], x, hub, size, turn + n * 120
            ),
            mix(paper, behind, 0.5),
        )
    sheet.lay(disc(x, hub, 17 * size), mix(paper, sheet.palette.ink, 0.6))
