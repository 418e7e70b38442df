"""Things of the demonstration's illustrations, one function a motif.

They draw as the landscapes do.
"""

from math import cos, pi, sin

from ecfr_site.demo.landscapes import EDGE, sky
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


def parliament(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    ground = chance.choice([ink, mix(ink, cool, 0.12)])
    whole = box(0, 0, 1500, sheet.height)
    sheet.lay(whole, ground)
    x, y = 750, sheet.height - 90
    sheet.lay(disc(x, y, 900), mix(ground, cool, 0.45), fade="out", strength=0.8)
    colours = [warm, mix(warm, glow, 0.5), glow, paper, cool, mix(cool, ink, 0.35)]
    if chance.random() < 0.5:
        colours.reverse()
    shares = [chance.uniform(0.6, 1.4) for _ in colours]
    ends = [180 + 180 * sum(shares[: n + 1]) / sum(shares) for n in range(len(shares))]
    for row in range(8):
        radius = 300 + row * 74
        seats = 11 + row * 3
        for seat in range(seats):
            angle = 180 + 180 * (seat + 0.5) / seats
            if min(abs(angle - aisle) for aisle in (216, 252, 288, 324)) < 1.6:
                continue
            colour = next(c for c, e in zip(colours, ends, strict=True) if angle <= e)
            a = angle * pi / 180
            place = x + radius * cos(a), y + radius * sin(a)
            back = moved(box(-26, -31, 22, 31), *place, turn=angle)
            sheet.lay(moved(back, 7, 10), mix(ground, "#000000", 0.45), strength=0.6)
            empty = chance.random() < 0.06
            sheet.lay(back, mix(ground, cool, 0.3) if empty else colour)
            front = moved(box(-26, -31, -12, 31), *place, turn=angle)
            sheet.lay(front, mix(colour, ink, 0.35), strength=0.7)
    sheet.lay(disc(x, y, 196), mix(ground, cool, 0.35))
    sheet.lay(disc(x, y, 196), glow, fade="down", strength=0.35)
    sheet.lay(sector(x, y, 150, 112, 200, 340), paper)
    sheet.lay(box(x - 62, y - 52, x + 62, y - 22), warm)
    sheet.lay(box(x - 62, y - 22, x + 62, y - 10), mix(warm, ink, 0.5))


def circuit(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    whole = box(0, 0, 1500, sheet.height)
    sheet.lay(whole, ink)
    sheet.lay(
        whole, mix(ink, cool, 0.5), fade=chance.choice(["left", "right"]), strength=0.8
    )
    x, y, half = chance.choice([560, 750, 940]), sheet.height / 2, 205
    colours = [cool, glow, mix(cool, paper, 0.5), warm, mix(glow, paper, 0.4)]
    for turn in (0, 90, 180, 270):
        for pin in range(-5, 6):
            bend, reach = 90 + abs(pin) * 46, chance.choice([330, 480, 640, 1100])
            side = 1 if pin >= 0 else -1
            run = [(half, pin * 34), (half + 30 + bend * 0.55, pin * 34)]
            drop = abs(pin) * 17
            run += [(run[-1][0] + drop, pin * 34 + drop * side)]
            run += [(max(half + reach, run[-1][0] + 40), run[-1][1])]
            colour = colours[(pin * pin + turn // 90) % 5]
            wire = line(run, 9) + disc(*run[-1], 17)
            sheet.lay(moved(wire, x, y, turn=turn), colour)
            sheet.lay(moved(disc(*run[-1], 8), x, y, turn=turn), ink)
            leg = box(half - 12, pin * 34 - 10, half + 26, pin * 34 + 10)
            sheet.lay(moved(leg, x, y, turn=turn), paper)
    chip = box(x - half, y - half, x + half, y + half)
    sheet.lay(moved(chip, 14, 18), "#000000", strength=0.45)
    sheet.lay(chip, mix(paper, glow, 0.15))
    sheet.lay(chip, cool, fade="up", strength=0.6)
    inner = box(x - 130, y - 130, x + 130, y + 130)
    sheet.lay(inner, warm)
    sheet.lay(inner, glow, fade="down", strength=0.7)
    for n in range(4):
        for m in range(4):
            if chance.random() < 0.55:
                left, top = x - 108 + n * 56, y - 108 + m * 56
                sheet.lay(box(left, top, left + 46, top + 46), ink, strength=0.85)
    sheet.lay(disc(x - 170, y - 170, 14), ink)


def containers(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    sky(
        sheet,
        mix(paper, glow, 0.4),
        mix(paper, cool, 0.6),
        (chance.choice([330, 1170]), 250, 150),
    )
    tones = [
        warm,
        cool,
        glow,
        mix(ink, cool, 0.3),
        mix(warm, ink, 0.4),
        mix(paper, cool, 0.35),
    ]
    wide, tall = 300, 148
    columns = chance.sample([3, 4, 5, 3, 4], 5)
    lowest = chance.randint(1, 4)
    columns.insert(lowest, 2)
    floor = sheet.height - 60
    sheet.lay(box(-EDGE, floor, 1540, sheet.height + 9), ink)
    before = None
    for column, stacked in enumerate(columns):
        for level in range(stacked):
            tone = chance.choice([t for t in tones if t != before])
            before = tone
            left = -140 + column * wide
            container(sheet, left, floor - (level + 1) * tall, wide - 6, tall - 6, tone)
    left = -140 + lowest * wide
    hook = floor - min(columns) * tall - 250
    container(sheet, left, hook, wide - 6, tall - 6, warm)
    sheet.lay(box(left + 8, hook - 26, left + wide - 14, hook - 8), ink)
    middle = left + wide / 2 - 3
    for reach in (-110, 110):
        sheet.lay(
            line([(middle + reach, hook - 20), (middle + reach * 0.3, -20)], 6), ink
        )
    sheet.lay(box(0, 0, 1500, sheet.height), ink, fade="up", strength=0.28)


def container(sheet, left, top, wide, tall, tone):
    dark = mix(tone, sheet.palette.ink, 0.4)
    sheet.lay(box(left, top, left + wide, top + tall), tone)
    for x in range(int(left) + 20, int(left + wide) - 16, 18):
        sheet.lay(box(x, top + 14, x + 8, top + tall - 14), dark, strength=0.55)
    frame = box(left, top, left + wide, top + 9)
    frame += box(left, top + tall - 9, left + wide, top + tall)
    frame += box(left, top, left + 9, top + tall) + box(
        left + wide - 9, top, left + wide, top + tall
    )
    sheet.lay(frame, dark)
    if sheet.random.random() < 0.5:
        x = left + wide * sheet.random.choice([0.12, 0.58])
        sheet.lay(
            box(x, top + tall * 0.3, x + wide * 0.3, top + tall * 0.62),
            sheet.palette.paper,
            strength=0.9,
        )


def table(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    floor = chance.choice(
        [mix(cool, ink, 0.25), mix(warm, ink, 0.25), mix(ink, cool, 0.2)]
    )
    whole = box(0, 0, 1500, sheet.height)
    sheet.lay(whole, floor)
    for x in range(-600, 1600, 150):
        light = polygon(
            (x, 0), (x + 70, 0), (x + 520, sheet.height), (x + 450, sheet.height)
        )
        sheet.lay(light, paper, fade="down", strength=0.3)
    x, y, wide, flat = 750, sheet.height / 2, 500, 0.56
    seats = chance.choice([12, 14, 16])
    empty = chance.randrange(seats)
    for seat in range(seats):
        a = 2 * pi * (seat + 0.5) / seats
        place = x + (wide + 78) * cos(a), y + (wide * flat + 88) * sin(a)
        turn = a * 180 / pi
        colour = paper if seat == empty else chance.choice([warm, warm, glow])
        chair = disc(0, 0, 50)
        back = sector(0, 0, 66, 50, -75, 75)
        sheet.lay(moved(chair + back, place[0] + 26, place[1] + 34), ink, strength=0.45)
        sheet.lay(moved(chair, *place, turn=turn), colour)
        sheet.lay(moved(back, *place, turn=turn), mix(colour, ink, 0.5))
    sheet.lay(disc(x + 34, y + 46, wide, wide * flat), ink, strength=0.5)
    sheet.lay(disc(x, y, wide, wide * flat), mix(paper, glow, 0.5))
    sheet.lay(
        disc(x, y, wide, wide * flat), mix(glow, warm, 0.45), fade="left", strength=0.8
    )
    sheet.lay(disc(x, y, 250, 105), floor)
    sheet.lay(disc(x, y, 250, 105), ink, fade="down", strength=0.6)
    for seat in range(seats):
        a = 2 * pi * (seat + 0.5) / seats
        place = x + (wide - 96) * cos(a), y + (wide * flat - 78) * sin(a)
        turn = a * 180 / pi + 90 + chance.uniform(-9, 9)
        leaf = box(-30, -20, 30, 22)
        sheet.lay(moved(leaf, place[0] + 5, place[1] + 7, turn=turn), ink, strength=0.3)
        sheet.lay(moved(leaf, *place, turn=turn), paper)
        for text in (-11, -2, 7):
            sheet.lay(
                moved(box(-22, text, 12, text + 3), *place, turn=turn),
                mix(cool, ink, 0.3),
            )
        sheet.lay(moved(disc(46, -6, 10), *place, turn=turn), cool)
        sheet.lay(moved(disc(46, -6, 5), *place, turn=turn), paper)


def chart(sheet):
    """The motif “map”."""
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    whole = box(0, 0, 1500, sheet.height)
    sheet.lay(whole, mix(cool, paper, 0.3))
    sheet.lay(whole, cool, fade="up", strength=0.8)
    lands = [
        (chance.randint(250, 480), 330, 330),
        (chance.randint(980, 1250), 640, 430),
    ]
    lands += [
        (chance.randint(620, 820), 820, 190),
        (chance.randint(760, 980), 150, 150),
    ]
    for x, y, size in lands:
        waves = [
            (chance.uniform(0.04, 0.2) / n, n, chance.uniform(0, 6))
            for n in (1, 2, 3, 5, 8)
        ]

        def coast(scale, x=x, y=y, size=size, waves=waves):
            points = []
            for degree in range(0, 360, 3):
                a = degree * pi / 180
                far = scale * size * (1 + sum(s * sin(n * a + p) for s, n, p in waves))
                points.append((x + far * cos(a), y + far * sin(a) * 0.85))
            return polygon(*points)

        for ring in (1.16, 1.08):
            sheet.lay(coast(ring), mix(cool, paper, 0.55), strength=0.4)
        tints = [
            mix(paper, glow, 0.2),
            mix(paper, glow, 0.55),
            glow,
            mix(glow, warm, 0.4),
            warm,
        ]
        for step, tint in enumerate(tints):
            sheet.lay(coast(1 - step * 0.19), tint)
            sheet.lay(
                coast(1 - step * 0.19),
                ink,
                cut=coast(0.992 - step * 0.19),
                strength=0.5,
            )
    for n in range(-2, 12):
        x = n * 190 - 80
        bow = smooth(
            [(x + 130, -10), (x - 20, sheet.height / 2), (x + 130, sheet.height + 10)]
        )
        sheet.lay(line(bow, 2.4), ink, strength=0.55)
    for n in range(6):
        y = 90 + n * 185
        bow = smooth([(-10, y - 50), (750, y + 30), (1510, y - 50)])
        sheet.lay(line(bow, 2.4), ink, strength=0.55)
    (ax, ay, _), (bx, by, _) = lands[:2]
    route = hanging((ax, ay), (bx, by), -130, 40)
    for start, end in zip(route[::2], route[1::2], strict=False):
        sheet.lay(line([start, end], 9), ink)
    for x, y in ((ax, ay), (bx, by)):
        pin = disc(0, -66, 34) + polygon((-31, -52), (31, -52), (0, 0))
        sheet.lay(disc(x, y, 20, 8), ink, strength=0.5)
        sheet.lay(moved(pin, x, y), ink)
        sheet.lay(disc(x, y - 66, 14), paper)


def archive(sheet):
    paper, ink, cool, warm, glow = sheet.palette
    chance = sheet.random
    whole = box(0, 0, 1500, sheet.height)
    sheet.lay(whole, mix(ink, cool, 0.12))
    tones = [
        warm,
        cool,
        glow,
        paper,
        mix(warm, ink, 0.35),
        mix(cool, ink, 0.4),
        mix(glow, paper, 0.5),
    ]
    shelf = 318
    for row in range(4):
        foot = 285 + row * shelf
        sheet.lay(box(0, foot - shelf + 22, 1500, foot), mix(ink, "#000000", 0.25))
        x = -chance.randint(0, 60)
        while x < 1500:
            kind = chance.random()
            if kind < 0.08:
                x += chance.randint(30, 90)
                continue
            if kind < 0.2:
                x = pile(sheet, x + 14, foot, tones) + 20
                continue
            x = volume(sheet, x, foot, chance.choice(tones))
        sheet.lay(
            box(0, foot - shelf + 22, 1500, foot - shelf + 66),
            "#000000",
            fade="down",
            strength=0.6,
        )
        sheet.lay(box(0, foot, 1500, foot + 22), mix(glow, ink, 0.42))
        sheet.lay(box(0, foot + 15, 1500, foot + 22), mix(glow, ink, 0.7))
    sheet.lay(whole, ink, fade=chance.choice(["left", "right"]), strength=0.5)


def volume(sheet, x, foot, tone):
    """A book or box on its end; returns where the next may stand."""
    chance = sheet.random
    wide, tall = chance.choice([26, 34, 44, 58, 96]), chance.randint(185, 258)
    lean = chance.random() < 0.07
    back = box(0, -tall, wide, 0)
    marks = []
    if wide > 90:
        marks = disc(wide / 2, -50, 15) + box(18, -tall + 30, wide - 18, -tall + 92)
    elif wide > 40:
        marks = box(6, -tall + 34, wide - 6, -tall + 84)
    else:
        marks = box(0, -tall + 22, wide, -tall + 28) + box(0, -46, wide, -34)
    side = box(wide * 0.72, -tall, wide, 0)
    turn, shift = (-9, 26) if lean else (0, 0)
    sheet.lay(moved(back, x + shift * 0.2, foot, turn=-turn), tone)
    light = (
        mix(tone, sheet.palette.paper, 0.7)
        if tone != sheet.palette.paper
        else sheet.palette.warm
    )
    sheet.lay(moved(marks, x + shift * 0.2, foot, turn=-turn), light, strength=0.9)
    sheet.lay(
        moved(side, x + shift * 0.2, foot, turn=-turn), sheet.palette.ink, strength=0.3
    )
    return x + wide + 3 + shift * 1.7


def pile(sheet, x, foot, tones):
    """Folders lying on one another."""
    chance = sheet.random
    wide, y = chance.randint(150, 210), foot
    for _ in range(chance.randint(3, 6)):
        tall, shift = chance.choice([20, 26, 34]), chance.randint(-9, 9)
        tone = chance.choice(tones)
        sheet.lay(box(x + shift, y - tall, x + shift + wide, y - 2), tone)
        sheet.lay(
            box(x + shift, y - 8, x + shift + wide, y - 2),
            sheet.palette.ink,
            strength=0.3,
        )
        y -= tall
    return x + wide
